using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Compare.Status;

/// <summary>What is known of an entity, from which its light follows.</summary>
/// <param name="Map">Its map.</param>
internal sealed record EntityFacts(EntityMap Map)
{
    /// <summary>What the database lacks for the map.</summary>
    public IReadOnlyList<SchemaGap> Gaps { get; init; } = [];

    /// <summary>Its table; null where it cannot be read.</summary>
    public TableSide? Table { get; init; }

    /// <summary>Its records in Bubble; null where Bubble was not asked.</summary>
    public BubbleSide? Bubble { get; init; }

    /// <summary>Its watermark, or null.</summary>
    public DateTimeOffset? Watermark { get; init; }

    /// <summary>Why it has no watermark.</summary>
    public string? WhyNone { get; init; }

    /// <summary>Its last resync or incremental sync.</summary>
    public StatusRun? LastRun { get; init; }

    /// <summary>Whether that did not verify that it read everything.</summary>
    public bool IsUnverified { get; init; }

    /// <summary>The errors of that run that concern the entity.</summary>
    public IReadOnlyList<ErrorCode> Errors { get; init; } = [];
}

/// <summary>The rules of the lights.</summary>
/// <param name="now">The present.</param>
/// <param name="maxAge">The age from which a watermark needs a hand; null where none does.</param>
internal sealed class StatusRules(DateTimeOffset now, TimeSpan? maxAge)
{
    // The usual limit of a prune: if more rows are gone, a lost right is likelier than deletions.
    private const int MostGonePercent = 20;

    private static readonly TimeSpan UsualAge = TimeSpan.FromDays(1);

    // Each of these has a finding of its own.
    private static readonly ErrorCode[] Told =
    [
        ErrorCode.OlderInBubble, ErrorCode.TooManyGone, ErrorCode.Rejected, ErrorCode.PatchFailed, ErrorCode.Unproved, ErrorCode.ConstraintIgnored,
    ];

    /// <summary>Returns the state of an entity.</summary>
    public EntityStatus Judge(EntityFacts facts)
    {
        List<StatusFinding> findings = [.. Findings(facts).OrderByDescending(f => f.Light)];
        var age = facts.Watermark is { } mark ? (long?)(now - mark).TotalSeconds : null;
        return new EntityStatus
        {
            Name = facts.Map.Name,
            Light = Worst(findings),
            Rows = facts.Table?.Rows,
            Expected = facts.Table?.Expected,
            InBubble = facts.Bubble?.Records,
            Watermark = facts.Watermark,
            WatermarkAge = age,
            LastRun = facts.LastRun,
            Rejected = facts.Table?.Rejected ?? 0,
            RejectedBy = facts.Table?.RejectedBy,
            Conflicts = facts.Table?.Conflicts ?? 0,
            KeptBy = facts.Table?.KeptBy,
            MissingLinks = facts.Table?.MissingLinks ?? 0,
            NotInBubble = facts.Table?.NotInBubble ?? 0,
            Unfilled = facts.Table?.Lags.Unfilled ?? [],
            Outdated = facts.Table?.Lags.Outdated ?? [],
            MissingColumns = [.. facts.Gaps.Select(g => g.Column).OfType<string>()],
            UnreadFields = facts.Bubble?.UnreadFields ?? [],
            Findings = findings,
        };
    }

    /// <summary>Returns the gravest light of findings.</summary>
    public static StatusLight Worst(IEnumerable<StatusFinding> findings) => findings.Select(f => f.Light).DefaultIfEmpty(StatusLight.Ok).Max();

    private IEnumerable<StatusFinding> Findings(EntityFacts facts)
    {
        foreach (var gap in facts.Gaps)
            yield return Act(gap.Column is null ? StatusFindingKind.TableMissing : StatusFindingKind.ColumnMissing, gap.What);
        if (facts.LastRun is { } run && How(run) is { } how)
            yield return Act(StatusFindingKind.RunFailed, $"the last {Word.Of(run.Kind)}, begun {UtcText.Of(run.StartedAt)}, {how}");
        else if (facts.Errors.Contains(ErrorCode.OlderInBubble))
            yield return Act(StatusFindingKind.OlderInBubble, "records are older in Bubble than here, as after Bubble's database was restored");
        else if (facts.IsUnverified)
            yield return Act(StatusFindingKind.Unverified, "the last run could not verify that it read everything");
        if (facts.LastRun?.Status == RunStatus.Partial && facts.Errors.Except(Told).ToList() is { Count: > 0 } others)
            yield return Act(StatusFindingKind.RunPartial, $"the last run left something out: {string.Join(", ", others.Select(Word.Of))}");
        if (facts.WhyNone is { } why)
            yield return Act(StatusFindingKind.NeverRead, why);
        if (facts.Bubble is { Failure: { } failure })
            yield return Act(StatusFindingKind.NotCounted, $"Bubble did not count the records: {failure.Errors[0].Message}");
        if (facts.Bubble is { UnreadFields.Count: > 0 } sent)
            yield return Look(StatusFindingKind.FieldUnread, $"Bubble sends fields that no line of the map reads: {string.Join(", ", sent.UnreadFields)}");
        if (facts.Watermark is { } mark && now - mark > (maxAge ?? UsualAge))
        {
            yield return new StatusFinding(
                StatusFindingKind.Stale, maxAge is null ? StatusLight.Look : StatusLight.Act, $"the watermark is old: {UtcText.Of(mark)}");
        }

        if (facts.Table is not { } table)
            yield break;
        if (table.Rejected > 0)
            yield return Act(StatusFindingKind.Rejected, Invariant($"{Records(table.Rejected)} rejected and not loaded since"));
        if (table.Lags.Unfilled is { Count: > 0 } unfilled)
            yield return Act(StatusFindingKind.Unfilled, $"the map gained columns whose values rows lack: {string.Join(", ", unfilled)}");
        if (table.Lags.Outdated is { Count: > 0 } outdated)
            yield return Act(StatusFindingKind.Outdated, $"rows may hold values that their line of the map does not give: {string.Join(", ", outdated)}");
        if (table.Lags.Uncleared is { Count: > 0 } kept)
        {
            yield return Act(
                StatusFindingKind.NotCleared, $"too many values would have gone, so that these columns were not cleared: {string.Join(", ", kept)}");
        }

        if (table.Differences > 0)
        {
            yield return Act(
                StatusFindingKind.Differs,
                Invariant($"the last comparison found {table.Differences} difference{(table.Differences == 1 ? "" : "s")}, ")
                + "and not all records were compared since");
        }

        if (table.Conflicts > 0)
        {
            yield return Look(
                StatusFindingKind.Conflict,
                Invariant($"edited here, so that the rows were kept: {table.Conflicts}"));
        }

        if (table.NotInBubble * 100 > MostGonePercent * (table.Expected + table.NotInBubble) || facts.Errors.Contains(ErrorCode.TooManyGone))
            yield return Act(
                StatusFindingKind.ManyGone,
                Invariant($"Bubble does not show the records of {table.NotInBubble} rows: a lost right of the token looks the same"));
        else if (table.NotInBubble > 0)
            yield return Look(StatusFindingKind.NotInBubble, table.NotInBubble == 1
                ? "Bubble no longer has the record of 1 row"
                : Invariant($"Bubble no longer has the records of {table.NotInBubble} rows"));
        if (facts.Bubble?.Records is { } there && there - table.Expected - table.RejectedWithoutRow is not 0 and var more && facts.Watermark is not null)
        {
            yield return Look(
                StatusFindingKind.CountsDiffer, more > 0
                    ? Invariant($"Bubble has {more} more than the table; new records come with the next sync")
                    : Invariant($"Bubble has {-more} fewer than the table; the next sync finds out which were deleted"));
        }
    }

    private static string? How(StatusRun run) => run switch
    {
        { Died: true } => "ended unexpectedly",
        { Status: RunStatus.Failed } => "failed",
        { Status: RunStatus.Cancelled } => "was interrupted",
        _ => null,
    };

    private static string Records(long number) => Invariant($"{number} record{(number == 1 ? "" : "s")}");

    private static StatusFinding Act(StatusFindingKind kind, string message) => new(kind, StatusLight.Act, message);

    private static StatusFinding Look(StatusFindingKind kind, string message) => new(kind, StatusLight.Look, message);
}
