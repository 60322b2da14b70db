using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Settings.Reading;

/// <summary>Checks the options of a single command, as <see cref="SettingsCheck"/> checks the settings.</summary>
internal static class OptionsCheck
{
    /// <summary>Returns everything that is wrong with the options of a resync.</summary>
    public static IEnumerable<SyncError> Faults(ResyncOptions options, BubbleSettings bubble)
    {
        if (options.MostRecords is { } records && (records < 1 || records > bubble.OffsetCeiling))
        {
            yield return Usage(
                nameof(options.MostRecords),
                Invariant($"MostRecords: a number from 1 to {bubble.OffsetCeiling} (Bubble:OffsetCeiling) is expected. For more, resync everything."));
        }

        if (options is { MostRecords: not null, Backfill: true } or { MostRecords: not null, Prune: PruneMode.Soft or PruneMode.Hard })
        {
            yield return Usage(
                nameof(options.MostRecords),
                "MostRecords reads only a part, so it goes with neither Prune nor Backfill, which need all records. Leave these out.");
        }

        if (options is { Create: true, DryRun: true } or { Create: true, Resume: true })
            yield return Usage(nameof(options.Create), "Create makes tables before a run begins, so it goes with neither DryRun nor Resume. Leave these out.");
        foreach (var fault in Faults(options.Prune, options.PruneLimitPercent, options.MaxCalls))
            yield return fault;
        if (options.MaxRejects is { } most && !IsPart(most))
            yield return Usage(nameof(options.MaxRejects), "MaxRejects: a number of records from 0 on, or a part from 0 to 100 %, is expected.");
        if (options is { Backfill: true, Force: true } or { Backfill: true, Prune: PruneMode.Soft or PruneMode.Hard })
            yield return Usage(
                nameof(options.Backfill),
                "Backfill fills columns that are NULL and writes nothing else, so it goes with neither Force nor Prune. Leave these out.");
        if (options is { ResumeRun: not null, Resume: false })
            yield return Usage(nameof(options.ResumeRun), "ResumeRun: it names a run to go on with, but Resume is false. Set Resume to true.");
    }

    /// <summary>Returns everything that is wrong with the options of an incremental sync.</summary>
    public static IEnumerable<SyncError> Faults(IncrementalOptions options) => Faults(options.Prune, options.PruneLimitPercent, options.MaxCalls);

    /// <summary>Returns everything that is wrong with the options of a comparison.</summary>
    public static IEnumerable<SyncError> Faults(VerifyOptions options)
    {
        if (options is { Since: not null, Sample: not null })
            yield return Usage(
                nameof(options.Sample), "Sample cannot go with Since: what was modified since a moment is read as a whole. Leave one of them out.");
        if (options.ByCounts && (options.Since is not null || options.Sample is not null || options.Strict))
            yield return Usage(
                nameof(options.ByCounts), "ByCounts compares numbers of records, all of them and no values. Leave Since, Sample and Strict out.");
        if (options.Sample is { } sample && (!IsPart(sample) || sample is { IsPercent: false, Number: < 1 } or { Number: <= 0 }))
            yield return Usage(nameof(options.Sample), $"Sample: {sample} compares nothing. Give a number from 1 on, or a part above 0%, up to 100%.");
    }

    /// <summary>Returns everything that is wrong with the options of an audit of values.</summary>
    public static IEnumerable<SyncError> Faults(ValueAuditOptions options)
    {
        if (options.Only is { } only && !Enum.IsDefined(only))
            yield return Usage(nameof(options.Only), $"Only: one of {string.Join(", ", Enum.GetNames<ValueVerdict>())} is expected.");
    }

    private static IEnumerable<SyncError> Faults(PruneMode prune, decimal pruneLimitPercent, long? maxCalls)
    {
        if (!Enum.IsDefined(prune))
            yield return Usage("Prune", $"Prune: one of {string.Join(", ", Enum.GetNames<PruneMode>())} is expected.");
        if (pruneLimitPercent is < 0 or > 100)
            yield return Usage("PruneLimitPercent", "PruneLimitPercent: a number from 0 to 100 is expected.");
        if (maxCalls is < 1)
            yield return Usage("MaxCalls", "MaxCalls: a number of requests from 1 on is expected.");
    }

    private static SyncError Usage(string option, string message) => new(SyncStage.Settings, null, null, option, ErrorCode.Usage, message);

    private static bool IsPart(Limit limit) => limit.Number >= 0 && (!limit.IsPercent || limit.Number <= 100);
}
