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
    /// <param name="kept">Rows whose object of unmapped fields has a name, by name.</param>
    public IEnumerable<FieldAuditRow> Rows(IReadOnlyDictionary<string, long> stored, IReadOnlyDictionary<string, long> kept) =>
        plan.Columns.SelectMany(c => c.Sources.Select(s => Mapped(c, s, stored)))
            .Concat(_missing.SelectMany(m => m.Sources.Select(s => Row(s.Name, m.Column, m.Type, FieldStatus.ColumnMissing, Held(s), 0, 0))))
            .Concat(Unmapped(kept))
            .Concat(Local(stored))
            .OrderBy(r => r.Status == FieldStatus.LocalOnly).ThenBy(r => r.BubbleField, StringComparer.Ordinal).ThenBy(r => r.Column, StringComparer.Ordinal);

    private FieldAuditRow Mapped(ColumnPlan column, SourceField source, IReadOnlyDictionary<string, long> stored)
    {
        var held = Held(source);
        return Row(source.Name, column.Name, column.Type.Name, held.Count == 0
            ? FieldStatus.AbsentInBubble
            : FieldStatus.Mapped, held, stored[column.Name], seen.Failed.GetValueOrDefault(column.Field));
    }

    private IEnumerable<FieldAuditRow> Unmapped(IReadOnlyDictionary<string, long> kept)
    {
        foreach (var (name, held) in seen.ByName.Where(n => !_missing.Exists(m => m.Sources.Any(s => Matches(s, n.Key)))))
        {
            var readers = plan.Columns.Where(c => c.Sources.Any(s => Matches(s, name))).ToList();
            var isIgnored = plan.Ignored.Contains(name);
            // Of a field of which only a part is read, the whole is kept too.
            if (plan.Unmapped is { } column && !isIgnored && readers.TrueForAll(r => r.Path.Count > 0))
                yield return Row(name, column.Name, column.Type.Name, FieldStatus.Unmapped, held, kept.GetValueOrDefault(name), 0);
            else if (readers.Count == 0)
                yield return Row(name, "", "", FieldStatus.Unmapped, held, 0, 0) with { Ignored = isIgnored };
        }
    }

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
