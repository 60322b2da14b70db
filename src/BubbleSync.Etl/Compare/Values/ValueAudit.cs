using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Transform;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Compare.Values;

/// <summary>Reports for each field of each record what Bubble sent, what it becomes and what is stored; keeps only counts.</summary>
internal sealed class ValueAudit(ComparisonRun run, ValueVerdict? only)
{
    /// <summary>The head of the CSV.</summary>
    public static readonly CsvHead Head = new("entity", "bubble_id", "bubble_field", "column", "raw", "mapped", "stored", "verdict");

    private readonly List<AuditedEntity> _entities = [];

    /// <summary>Returns the report after all rows were read.</summary>
    public ValueAuditReport Report(RunReport report) =>
        new(
            report.RunId, _entities.Sum(e => e.Rows), Enum.GetValues<ValueVerdict>().ToDictionary(v => v, v => _entities.Sum(e => e.ByVerdict[v])), _entities,
            report);

    /// <summary>Returns rows in the order of <see cref="Head"/>, sorted by entity, id and field.</summary>
    public async IAsyncEnumerable<IReadOnlyList<string>> RowsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var entity in run.Entities())
        {
#pragma warning disable CA2000 // 'await using' disposes of it; the rule does not detect that in an iterator.
            await using var compared = await run.OpenAsync(entity, cancellationToken);
#pragma warning restore CA2000
            var (written, counts) = (0L, Enum.GetValues<ValueVerdict>().ToDictionary(v => v, _ => 0L));
            await foreach (var row in RowsAsync(compared, cancellationToken))
            {
                counts[row.Verdict]++;
                if (only is not null && row.Verdict != only)
                    continue;

                written++;
                yield return [.. row.Cells, Word.Of(row.Verdict)];
            }

            await run.CloseAsync(compared, compared.Counts.Extracted - compared.Counts.Rejected, 0, default, cancellationToken);
            _entities.Add(new AuditedEntity(entity.Plan.Name, compared.Counts.Extracted, written, counts, entity.Report.Proof));
        }

        run.Findings.Conclusion = Conclusion();
    }

    private string Conclusion()
    {
        var counts = Enum.GetValues<ValueVerdict>().Select(v => (Verdict: v, Count: _entities.Sum(e => e.ByVerdict[v]))).Where(c => c.Count > 0)
            .Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Count:N0} {Word.Of(c.Verdict)}"));
        return $"{string.Join(", ", counts.DefaultIfEmpty("no value"))}{(run.Part is { } part ? $" in {part}" : "")}";
    }

    private static async IAsyncEnumerable<AuditedValue> RowsAsync(ComparedEntity compared, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var plan = compared.Entity.Plan;
        var comparer = new Comparer(plan, compared.Entity.Staging);
        var columns = plan.Columns.OrderBy(c => c.Field, StringComparer.Ordinal).ThenBy(c => c.Name, StringComparer.Ordinal).ToList();
        using var raw = new RawFields(plan);
        await foreach (var record in comparer.NamelessAsync(compared.Connection, cancellationToken))
        {
            raw.Read(Encoding.UTF8.GetBytes(record));
            yield return new AuditedValue(ValueVerdict.Rejected, [plan.Name, "", BubbleField.Id, plan.KeyName, raw.Of(plan.Key), "", ""]);
        }

        await foreach (var record in comparer.ValuesAsync(compared.Connection, cancellationToken))
        {
            raw.Read(record.Raw);
            if (record.Mark is { } mark)
                yield return new AuditedValue(ValueVerdict.Differs, [plan.Name, record.Id, "", DeletionMark.Name, "", "", mark]);
            foreach (var column in columns)
            {
                var (staged, stored) = (record.Staged[column.Ordinal] ?? "", record.Stored[column.Ordinal] ?? "");
                stored = stored != staged && plan.IsMasked(column) ? ColumnPlan.Masked : stored;
                yield return new AuditedValue(Verdict(record, column), [plan.Name, record.Id, column.Field, column.Name, raw.Of(column), staged, stored]);
            }
        }
    }

    // Of several columns read from one field, those that have a value did convert.
    private static ValueVerdict Verdict(RecordValues record, ColumnPlan column) =>
        record.Staged[column.Ordinal] is null && record.Rejected.Contains(column.Field) ? ValueVerdict.Rejected
        : !record.HasRow ? ValueVerdict.RowMissing
        : record.States[column.Ordinal] switch { 0 => ValueVerdict.AbsentKept, 1 => ValueVerdict.Same, _ => ValueVerdict.Differs };

    /// <summary>A value that was audited.</summary>
    /// <param name="Verdict">The result.</param>
    /// <param name="Cells">The cells of its row, ordered as <see cref="Head"/>, without the last.</param>
    private sealed record AuditedValue(ValueVerdict Verdict, IReadOnlyList<string> Cells);
}
