using System.Globalization;
using System.Runtime.CompilerServices;
using BubbleSync.Etl.Journal.Kept;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Compare;

/// <summary>Compares Bubble with the tables, record by record: reports each difference at once, and keeps the counts and the first of them.</summary>
internal sealed class Verification(ComparisonRun run, VerifyOptions options)
{
    private const int MostKept = 1000;
    private const int MostUnwritten = 1000;
    private const int MostLength = 1_000_000;

    private static readonly CsvHead Head = new("entity", "bubble_id", "verdict", "bubble_field", "column", "bubble", "stored");

    private readonly List<VerifiedEntity> _entities = [];
    private readonly List<VerifiedDifference> _first = [];
    private readonly List<VerifiedDifference> _unwritten = [];
    private long _kept;
    private long _length;

    /// <summary>Runs to the end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var differences = DifferencesAsync(cancellationToken);
        await (options.CsvFile is null
            ? differences.LongCountAsync(cancellationToken).AsTask()
            : CsvFile.WriteAsync(options.CsvFile, Head, differences.Select(
                d => (IReadOnlyList<string>)[d.Entity, d.BubbleId, Word.Of(d.Verdict), d.BubbleField, d.Column, d.Bubble ?? "", d.Stored ?? ""]),
                options.Excel ? CsvTexts.Excel : CsvTexts.Guarded, cancellationToken));
        run.Findings.Conclusion = Conclusion();
    }

    /// <summary>Returns a report.</summary>
    public VerifyReport Report(RunReport report) =>
        new(report.Status == RunStatus.Succeeded && _entities.TrueForAll(e => e.IsEqual), report.RunId, _entities, _first, report)
        {
            IsStrict = options.Strict,
            IsByCounts = run.IsByCounts,
        };

    private async IAsyncEnumerable<VerifiedDifference> DifferencesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var entity in run.Entities())
        {
#pragma warning disable CA2000 // 'await using' disposes of it; the rule does not detect that in an iterator.
            await using var compared = await run.OpenAsync(entity, cancellationToken);
#pragma warning restore CA2000
            var (counts, kept, keptOnly) = (new Dictionary<DifferenceVerdict, long>(), default(AbsentKept), 0L);
            var horizon = entity.IsComplete && !run.IsByCounts ? entity.Horizon : null;
            var differences = new Comparer(entity.Plan, entity.Staging).DifferencesAsync(compared.Connection, horizon, run.Known(entity), cancellationToken);
            await foreach (var record in differences)
            {
                var values = record.Kept.Select(c => entity.Plan.Columns[c]).Where(c => !c.IsCompleted).ToList();
                kept = new AbsentKept(kept.Values + values.Count, kept.Links + record.Kept.Count - values.Count);
                var isKeptOnly = !record.IsOfResync && options.Strict && values.Count > 0;
                if (!record.IsOfResync && !isKeptOnly)
                    continue;

                keptOnly += isKeptOnly ? 1 : 0;
                counts[record.Verdict] = counts.GetValueOrDefault(record.Verdict) + 1;
                foreach (var difference in Fields(entity.Plan, record, options.Strict ? values : []))
                    yield return await KeepAsync(difference, cancellationToken);
            }

            await FlushAsync(cancellationToken);

            // Where both sides have as many records, these count as compared though they are not read.
            var counted = run.IsByCounts && entity.IsComplete ? entity.Flow.ExtractLog.CountedBefore : null;
            var (compare, extra) = (Math.Max(counted ?? 0, compared.Counts.Extracted), counts.GetValueOrDefault(DifferenceVerdict.Extra));
            var equal = compare - (counts.Values.Sum() - extra);
            await run.CloseAsync(compared, equal, extra, kept, cancellationToken);
            if (kept.Values > 0 && !options.Strict)
                run.Findings.Warnings.Add(
                    Invariant($"{entity.Plan.Name}: values kept here that Bubble no longer sends: {kept.Values}; a strict comparison names them."));
            _entities.Add(new VerifiedEntity(
                entity.Plan.Name, compare, equal, counts.GetValueOrDefault(DifferenceVerdict.Missing), extra, counts.GetValueOrDefault(DifferenceVerdict.Older),
                counts.GetValueOrDefault(DifferenceVerdict.Newer), counts.GetValueOrDefault(
                    DifferenceVerdict.Differs), counts.GetValueOrDefault(DifferenceVerdict.Rejected), entity.Report.Proof)
            {
                AbsentKept = kept.Values,
                AbsentKeptLinks = kept.Links,
                AbsentKeptOnly = keptOnly,
            });
        }
    }

    private string Conclusion()
    {
        var (compared, unequal) = (_entities.Sum(e => e.Compared), _entities.Sum(e => e.Compared - e.Equal + e.Extra));
        var equal = run.IsByCounts ? "as many records on both sides; values are not compared" : "all equal";
        return unequal > 0 ? string.Create(
            CultureInfo.InvariantCulture, $"{unequal:N0} {(unequal == 1 ? "record differs" : "records differ")}{(run.Part is { } some ? $" in {some}" : "")}")
            : run.Findings.IsPartial ? "no difference, but not everything was read"
            : compared == 0 ? $"nothing to compare{(run.Part is { } none ? $" in {none}" : "")}"
            : run.Part is { } part ? $"{equal} in {part}"
            : equal;
    }

    private async Task<VerifiedDifference> KeepAsync(VerifiedDifference difference, CancellationToken cancellationToken)
    {
        if (_first.Count < MostKept)
            _first.Add(difference with { Bubble = null, Stored = null });
        if (_kept++ >= KeptDifferences.Most)
            return difference;

        _unwritten.Add(difference);
        _length += (difference.Bubble?.Length ?? 0) + (difference.Stored?.Length ?? 0);
        if (_unwritten.Count >= MostUnwritten || _length > MostLength)
            await FlushAsync(cancellationToken);
        return difference;
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_unwritten.Count > 0)
            await run.KeepAsync(_unwritten, cancellationToken);
        _unwritten.Clear();
        _length = 0;
    }

    private static IEnumerable<VerifiedDifference> Fields(EntityPlan plan, RecordDifference record, IReadOnlyList<ColumnPlan> kept)
    {
        (DifferenceVerdict Verdict, string Field, string Column)[] fields =
        [
            .. OfVerdict(plan, record).Select(f => (record.Verdict, f.Field, f.Column)),
            .. record.IsMarked ? [(DifferenceVerdict.Differs, "", DeletionMark.Name)] : Array.Empty<(DifferenceVerdict, string, string)>(),
            .. kept.Select(c => (DifferenceVerdict.AbsentKept, c.Field, c.Name)),
        ];
        return fields.OrderBy(f => f.Field, StringComparer.Ordinal).ThenBy(f => f.Column, StringComparer.Ordinal)
            .Select(f => new VerifiedDifference(plan.Name, record.Id, f.Verdict, f.Field, f.Column)
            {
                Bubble = f.Verdict == DifferenceVerdict.AbsentKept ? null : Value(plan, f.Column, record.Staged),
                Stored = Value(plan, f.Column, record.Stored),
            });
    }

    private static string? Value(EntityPlan plan, string column, string?[] values) =>
        values.Length == 0 || plan.Columns.FirstOrDefault(c => c.Name == column) is not { } found ? null
        : plan.IsMasked(found) ? ColumnPlan.Masked
        : values[found.Ordinal];

    private static IEnumerable<(string Field, string Column)> OfVerdict(EntityPlan plan, RecordDifference record) => record.Verdict switch
    {
        DifferenceVerdict.Differs => record.Columns.Select(c => (plan.Columns[c].Field, plan.Columns[c].Name)),
        DifferenceVerdict.Rejected => record.Fields.Select(f => (f, Column(plan, f))),
        DifferenceVerdict.Older or DifferenceVerdict.Newer => [(plan.Modified.Field, plan.Modified.Name)],
        _ => [("", "")],
    };

    // Several columns may be read from one field; then the column that did not convert is unknown.
    private static string Column(EntityPlan plan, string field) =>
        plan.Columns.Where(c => c.Field == field).Select(c => c.Name).ToList() is [var only] ? only : "";
}
