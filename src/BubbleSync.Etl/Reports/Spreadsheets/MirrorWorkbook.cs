using BubbleSync.Etl.Reports.Mirror;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Reports.Spreadsheets;

/// <summary>Writes the report of a mirror as a workbook: a summary, and a sheet for each kind of finding.</summary>
/// <param name="facts">What it shows.</param>
internal sealed class MirrorWorkbook(MirrorFacts facts)
{
    private const int Words = 18;
    private const int Id = 36;
    private const int Number = 13;
    private const int Prose = 70;

    private RunReport Run => facts.Report.Run;

    /// <summary>Writes it.</summary>
    /// <param name="output">Receives it; it is left open.</param>
    /// <param name="mostRows">The number of rows of a sheet at most, the head included.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task WriteAsync(Stream output, int mostRows, CancellationToken cancellationToken)
    {
        await using var book = await Workbook.CreateAsync(output, facts.Time, mostRows, cancellationToken);
        await book.AddAsync(
            "Summary", [new("what", 34), new("value", Prose), new("note", Prose)], Summary().ToAsyncEnumerable(), cancellationToken);
        await book.AddAsync("Entities", EntityColumns, Run.Entities.Select(Entity).ToAsyncEnumerable(), cancellationToken);
        await book.AddAsync(
            "Rejected",
            [
                new("entity", Words), new("bubble_id", Id), new("field", 24), new("reason", Prose), new("raw", Prose), new("run", Id),
                new(At("rejected"), 22),
            ],
            facts.Rejects(cancellationToken).Select(r => (IReadOnlyList<object?>)
                [r.Field.Entity, r.Field.BubbleId, r.Field.Field, r.Field.Reason, r.Field.Raw, $"{r.RunId}", r.At]),
            cancellationToken);
        await book.AddAsync(
            "Orphaned references",
            [new("entity", Words), new("column", 24), new("target_entity", Words), new("target_id", Id), new("records", Number), new("bubble_ids", Prose)],
            facts.Orphans(cancellationToken).Select(l => (IReadOnlyList<object?>)
                [l.Entity, l.Column, l.TargetEntity, l.TargetId, l.Records, string.Join(' ', l.BubbleIds)]),
            cancellationToken);
        await book.AddAsync(
            "Differences",
            [
                new("entity", Words), new("bubble_id", Id), new("verdict", 14), new("bubble_field", 24), new("column", 24), new("value in Bubble", 40),
                new("value here", 40),
            ],
            facts.Differences(cancellationToken).Select(d => (IReadOnlyList<object?>)
                [d.Entity, d.BubbleId, Word.Of(d.Verdict), d.BubbleField, d.Column, d.Bubble, d.Stored]),
            cancellationToken);
        await book.AddAsync(
            "Coverage",
            [
                new("entity", Words), new("bubble_field", 28), new("column", 24), new("type", Number), new("status", 18), new("seen", Number),
                new("present", Number), new("stored", Number), new("failed", Number), new(At("audited"), 22),
            ],
            facts.Audits.SelectMany(a => a.Report.Rows.Select(r => (IReadOnlyList<object?>)
                [r.Entity, r.BubbleField, r.Column, r.Type, Word.Of(r.Status), r.Seen, r.Present, r.Stored, r.Failed, a.At])).ToAsyncEnumerable(),
            cancellationToken);
        await book.AddAsync("Runs", RunColumns, facts.Runs(cancellationToken).Select(Row), cancellationToken);
        await book.FinishAsync(cancellationToken);
    }

    private static IReadOnlyList<SheetColumn> EntityColumns =>
    [
        new("entity", Words), new("load order", Number), .. Numbers("extracted", "inserted", "updated", "unchanged", "conflicts", "rejected",
            "orphaned references", "not in Bubble", "pruned", "milliseconds"), new("complete", 14),
    ];

    private IReadOnlyList<SheetColumn> RunColumns =>
    [
        new("run", Id), new("kind", 14), new("status", 14), new(At("started"), 22), new(At("finished"), 22),
        .. Numbers("extracted", "inserted", "updated", "unchanged", "conflicts", "rejected", "calls", "retries", "throttled", "bytes"),
        new("conclusion", Prose),
    ];

    private static IReadOnlyList<object?> Entity(EntityReport e) =>
    [
        e.Name, (long)e.Level, e.Extracted, e.Inserted, e.Updated, e.Unchanged, e.Conflicts, e.Rejected, e.MissingLinks, e.NotInBubble, e.Pruned, e.DurationMs,
        e.Proof switch { null => "", { Part: not null } => "only a part", { IsComplete: true } => "verified", _ => "not verified" },
    ];

    private static IReadOnlyList<object?> Row(RunPoint r) =>
    [
        $"{r.RunId}", Word.Of(r.Kind), RunText.Status(r), r.StartedAt, r.FinishedAt, r.Extracted, r.Inserted, r.Updated, r.Unchanged, r.Conflicts, r.Rejected,
        r.Api.Calls, r.Api.Retries, r.Api.Throttled, r.Api.Bytes, r.Conclusion,
    ];

    private IEnumerable<IReadOnlyList<object?>> Summary()
    {
        var report = facts.Report;
        yield return ["run", $"{Run.RunId}", RunText.Sentence(facts)];
        yield return ["kind", Word.Of(Run.Kind), null];
        yield return ["status", RunText.Status(Run), Run.Conclusion];
        yield return ["started", Run.StartedAt, null];
        yield return ["finished", Run.Status == RunStatus.Running ? null : Run.FinishedAt, null];
        yield return ["time zone", report.TimeZone, "All times in this workbook are in this zone."];
        yield return ["database", report.Target, null];
        yield return ["app", report.App, null];
        yield return ["report made", facts.MadeAt, null];
        yield return ["calls", Run.Api.Calls, Invariant($"{Run.Api.Retries} retries, {Run.Api.Throttled} throttled, {Run.Api.Bytes} bytes")];
        yield return ["rejected fields", report.RejectedFields, "Sheet 'Rejected': of this run, and of earlier ones whose records no later run read again."];
        yield return ["orphaned references", report.OrphanedReferences, "Sheet 'Orphaned references': in the tables now, with the first hundred records each."];
        yield return ["differences", report.Comparison is null ? "not known" : report.Differences, RunText.Comparison(facts)];
        foreach (var coverage in report.Coverage)
            yield return [$"coverage of {coverage.Entity}", Invariant($"{coverage.Percent}%"), Invariant($"{coverage.Stored} of {coverage.Sent} fields")];
        foreach (var patch in Run.Patches)
            yield return [$"patch {patch.Name}", Invariant($"{Word.Of(patch.Status)}, {patch.Rows} rows"), patch.Error];
        foreach (var note in report.Notes)
            yield return ["note", note, null];
        foreach (var error in Run.Errors)
            yield return ["error", error.Message, error.Entity];
        foreach (var warning in Run.Warnings)
            yield return ["warning", warning, null];
    }

    private static IEnumerable<SheetColumn> Numbers(params IEnumerable<string> names) => names.Select(n => new SheetColumn(n, Number));

    private string At(string what) => $"{what} ({facts.Report.TimeZone})";
}
