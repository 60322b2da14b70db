using System.Globalization;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Spectre.Console;
using static System.FormattableString;

namespace BubbleSync.Cli.Output;

/// <summary>A run's result, to be understood in ten seconds.</summary>
internal static class RunSummary
{
    private const int MostLines = 10;

    /// <summary>Prints it.</summary>
    public static void Print(RunReport report, NextSteps? next, IAnsiConsole console)
    {
        var isComparison = report.Kind is RunKind.Verify or RunKind.AuditValues;
        if (report.Entities.Any(e => e.Proof is not null))
            (isComparison ? Compared(report) : Entities(report.Entities)).Print(console);
        foreach (var entity in report.Entities.Where(_ => !isComparison))
        {
            if (entity.Proof is { } proof && (proof.Read > 0 || proof.CountedBefore is not null))
                Line(console, Receipt(entity, proof));
        }

        if (report.Patches.Count > 0)
            Patches(report.Patches).Print(console);

        Lines(console, "warning", report.Warnings);
        Close(report, next, console);
    }

    /// <summary>Prints a line: in a terminal it is broken between words, and in a pipe one message stays one line.</summary>
    public static void Line(IAnsiConsole console, string line) =>
        console.Profile.Out.Writer.WriteLine(WordWrap.Of(VisibleText.Of(line), Terminal.Width(console)));

    private static ReportTable Entities(IReadOnlyList<EntityReport> entities)
    {
        var table = new ReportTable().Words("entity")
            .Numbers("extracted", "inserted", "updated", "unchanged", "conflicts", "rejected", "missing links", "not in Bubble").Words("complete")
            .Prose("complete");
        foreach (var e in entities)
            table.Row(e.Name, e.Extracted, e.Inserted, e.Updated, e.Unchanged, e.Conflicts, e.Rejected, e.MissingLinks, e.NotInBubble, Proof(e.Proof));
        return table;
    }

    // What is kept of a comparison: an entity's records, and how many of them are equal or rejected.
    private static ReportTable Compared(RunReport report)
    {
        var isVerify = report.Kind == RunKind.Verify;
        var table = new ReportTable().Words("entity").Numbers("compared");
        table = (isVerify ? table.Numbers("equal", "not equal", "extra") : table.Numbers("rejected"))
            .Words("complete").Prose("complete");
        foreach (var e in report.Entities)
            table.Row(
                [e.Name, e.Extracted, .. isVerify ? [e.Unchanged, e.Extracted - e.Unchanged, e.NotInBubble] : new object[] { e.Rejected }, Proof(e.Proof)]);
        return table;
    }

    private static ReportTable Patches(IReadOnlyList<PatchReport> patches)
    {
        var table = new ReportTable().Words("patch").Numbers("rows").Words("status").Prose("status");
        foreach (var patch in patches)
            table.Row(patch.Name, patch.Rows, patch.Error is null ? Word.Of(patch.Status) : $"{Word.Of(patch.Status)}: {patch.Error}");
        return table;
    }

    /// <summary>Prints a run's errors, on stderr whatever the form of the result. Rejected records come last: many of them hide no other error.</summary>
    public static void PrintErrors(IReadOnlyList<SyncError> errors, NextSteps next) =>
        Lines(Terminal.Error, "error", errors.OrderBy(e => e.Code == ErrorCode.Rejected).Select(next.Text).ToList());

    /// <summary>Prints the first lines of a kind.</summary>
    public static void Lines(IAnsiConsole console, string word, IReadOnlyList<string> lines)
    {
        foreach (var line in lines.Take(MostLines))
            Line(console, $"{word}: {line}");
        if (lines.Count > MostLines)
            Line(console, Invariant($"{word}: and {lines.Count - MostLines} more; all of them with --output json"));
    }

    /// <summary>Prints a run in one line, and what to do next, unless <paramref name="next"/> is null.</summary>
    public static void Close(RunReport report, NextSteps? next, IAnsiConsole console)
    {
        Line(console, Closing(report));
        foreach (var action in next is null ? [] : report.NextActions)
            Line(console, next!.Line(action));
    }

    /// <summary>A run in one line.</summary>
    private static string Closing(RunReport report)
    {
        var records = report.Entities.Sum(e => e.Extracted);
        if (report.Status == RunStatus.Running)
            return Invariant($"{Word.Of(report.Kind)} running, begun {report.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss'Z'}: ")
                + Invariant($"{Records(records)} of entities that are done. Run {report.RunId}");

        var dry = report.DryRun ? " (dry run: nothing was changed)" : "";
        // A run that stopped has read records that it did not merge.
        if (report is { Status: RunStatus.Cancelled or RunStatus.Failed, Read: > 0 } && report.Entities.Any(e => e.Proof is null))
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{Word.Of(report.Kind)} {Word.Of(report.Status)}{dry}: {Records(report.Read.Value)} read, {records:N0} merged "
                    + $"in {report.DurationMs / 1000.0:0.0} s, {Counted.Of(report.Api.Calls, "call")}, "
                    + $"{Counted.Of(report.Api.Retries, "retry", "retries")}. Run {report.RunId}");

        // Records of an earlier attempt took no time in this one.
        var read = Math.Min(report.Read ?? records, records);
        var rate = report.DurationMs > 0 ? read * 1000 / report.DurationMs : read;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Word.Of(report.Kind)} {Word.Of(report.Status)}{(report.Conclusion is { } found ? $": {found}" : "")}{dry}: "
                + $"{(read < records ? string.Create(CultureInfo.InvariantCulture, $"{read:N0} of {Records(records)} read") : Records(records))} in "
                + $"{report.DurationMs / 1000.0:0.0} s ({rate:N0} a second), {Counted.Of(report.Api.Calls, "call")}, "
                + $"{Counted.Of(report.Api.Retries, "retry", "retries")}, "
                + $"{report.Api.Throttled} throttled.{(report.RunId is { } run ? $" Run {run}" : "")}");
    }

    /// <summary>Whether it is verified that all was read; or which part was to be read.</summary>
    public static string Proof(EntityProof? proof) => proof switch
    {
        null => "-",
        { Part: { } part } => $"only {part}",
        { IsComplete: true, Windows: 0 } => "verified",
        { IsComplete: true } => Invariant($"verified, {proof.Windows} window{(proof.Windows == 1 ? "" : "s")}"),
        _ => "not verified",
    };

    // In one line: what Bubble counted, what was read, what was stored, and that it is the same.
    private static string Receipt(EntityReport entity, EntityProof proof)
    {
        var counted = proof is { CountedBefore: null, CountedAfter: null }
            ? ""
            : $"counted {Count(proof.CountedBefore)} before and {Count(proof.CountedAfter)} after, ";
        var what = proof.Part is { } part ? $"part: {entity.Name}: only {part}, " : $"proof: {entity.Name}: {counted}";
        var stored = proof.ChecksumRead == proof.ChecksumStored ? "as stored" : $"but {proof.ChecksumStored} stored";
        var merged = entity.Extracted - entity.Rejected;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{what}{proof.Read:N0} read, {proof.Staged:N0} staged, {merged:N0} merged, {entity.Rejected:N0} rejected, checksum {proof.ChecksumRead} {stored}");
    }

    private static string Records(long number) => Counted.Of(number, "record");

    private static string Count(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "?";
}
