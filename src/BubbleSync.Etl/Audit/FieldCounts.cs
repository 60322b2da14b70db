using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Transform;

namespace BubbleSync.Etl.Audit;

/// <summary>Turns what an entity's records held into the rows of the field audit.</summary>
internal sealed class FieldCounts(EntityPlan plan, RecordMapper mapper, IReadOnlyList<MissingColumn> missing)
{
    private readonly FieldTally _tally = mapper.Tally;

    /// <summary>Gives the rows: fields of the map in its order, then fields that only Bubble has, then columns that only the table has.</summary>
    /// <param name="stored">Rows whose column is not NULL, by column.</param>
    public IEnumerable<FieldAuditRow> Rows(IReadOnlyDictionary<string, long> stored) =>
    [
        .. plan.Columns.SelectMany(c => c.Sources.Select(s => Mapped(c, s, stored))),
        .. missing.Where(m => m.Entity == plan.Name).SelectMany(m => m.Sources.Select(s => ColumnMissing(m, s))),
        .. Unmapped(),
        .. Local(stored),
    ];

    private FieldAuditRow Mapped(ColumnPlan column, SourceField source, IReadOnlyDictionary<string, long> stored)
    {
        var present = Present(source);
        return Row(source.Name, column.Name, column.Type.Name, present == 0 ? "absent-in-bubble" : "mapped", present, stored[column.Name], _tally.Failed.GetValueOrDefault(column.Ordinal));
    }

    private FieldAuditRow ColumnMissing(MissingColumn column, SourceField source) =>
        Row(source.Name, column.Column, column.Type, "column-missing", Present(source), 0, 0);

    private IEnumerable<FieldAuditRow> Unmapped() =>
        from name in _tally.Present
        where name.Key.Slots.Length == 0 && !missing.Any(m => m.Entity == plan.Name && m.Sources.Any(s => Matches(s, name.Key.Name)))
        orderby name.Key.Name
        select Row(name.Key.Name, "", "", "unmapped", name.Value, 0, 0);

    private IEnumerable<FieldAuditRow> Local(IReadOnlyDictionary<string, long> stored) =>
        from column in plan.Target.Columns.Values
        where plan.Columns.All(c => c.Name != column.Name) && !missing.Any(m => m.Entity == plan.Name && m.Column == column.Name)
        orderby column.Name
        select Row("", column.Name, column.FullType, "local-only", 0, stored[column.Name], 0);

    private long Present(SourceField source) => Math.Min(_tally.Seen, _tally.Present.Where(p => Matches(source, p.Key.Name)).Sum(p => p.Value));

    private bool Matches(SourceField source, string name) =>
        source.Name == name || source.OtherNames.Contains(name)
        || (FieldName.Normalise(source.Name) == FieldName.Normalise(name) && !plan.Columns.Any(c => c.Sources.Any(s => s != source && (s.Name == name || s.OtherNames.Contains(name)))));

    private FieldAuditRow Row(string field, string column, string type, string status, long present, long stored, long failed) =>
        new(plan.Name, field, column, type, status, _tally.Seen, present, stored, failed);
}
