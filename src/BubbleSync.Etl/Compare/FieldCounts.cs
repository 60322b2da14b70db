using BubbleSync.Etl.Compare.Values;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Etl.Compare;

/// <summary>Converts an entity's field profile to the rows of the field audit.</summary>
internal sealed class FieldCounts(EntityPlan plan, FieldProfile seen, IReadOnlyList<MissingColumn> missing)
{
    private readonly List<MissingColumn> _missing = [.. missing.Where(m => m.Entity == plan.Name)];

    /// <summary>Returns the rows: fields by name, mapped or not, then columns that only the table has.</summary>
    /// <param name="stored">Rows whose column is not NULL, by column.</param>
    public IEnumerable<FieldAuditRow> Rows(IReadOnlyDictionary<string, long> stored) =>
        plan.Columns.SelectMany(c => c.Sources.Select(s => Mapped(c, s, stored)))
            .Concat(_missing.SelectMany(m => m.Sources.Select(s => Row(s.Name, m.Column, m.Type, FieldStatus.ColumnMissing, Held(s), 0, 0))))
            .Concat(Unmapped())
            .Concat(Local(stored))
            .OrderBy(r => r.Status == FieldStatus.LocalOnly).ThenBy(r => r.BubbleField, StringComparer.Ordinal).ThenBy(r => r.Column, StringComparer.Ordinal);

    private FieldAuditRow Mapped(ColumnPlan column, SourceField source, IReadOnlyDictionary<string, long> stored)
    {
        var held = Held(source);
        return Row(source.Name, column.Name, column.Type.Name, held.Count == 0
            ? FieldStatus.AbsentInBubble
            : FieldStatus.Mapped, held, stored[column.Name], seen.Failed.GetValueOrDefault(column.Field));
    }

    private IEnumerable<FieldAuditRow> Unmapped() =>
        from name in seen.ByName
        where !plan.Columns.SelectMany(c => c.Sources).Concat(_missing.SelectMany(m => m.Sources)).Any(s => Matches(s, name.Key))
        select Row(name.Key, "", "", FieldStatus.Unmapped, name.Value, 0, 0);

    private IEnumerable<FieldAuditRow> Local(IReadOnlyDictionary<string, long> stored) =>
        from column in plan.Target.Columns.Values
        where plan.Columns.All(c => c.Name != column.Name) && _missing.TrueForAll(m => m.Column != column.Name)
        select Row("", column.Name, column.FullType, FieldStatus.LocalOnly, new ShapeTally(), stored[column.Name], 0);

    private ShapeTally Held(SourceField source)
    {
        var held = new ShapeTally();
        foreach (var (name, tally) in seen.ByName)
        {
            if (Matches(source, name))
                held.Add(tally);
        }

        return held;
    }

    private static bool Matches(SourceField source, string name) => source.Name == name || source.OtherNames.Contains(name);

    // A record may hold a field under two of its names.
    private FieldAuditRow Row(string field, string column, string type, FieldStatus status, ShapeTally held, long stored, long failed) =>
        new(plan.Name, field, column, type, status, seen.Seen, Math.Min(
            seen.Seen, held.Count), stored, failed, Math.Min(seen.Seen, held.Filled), held.Examples());
}
