using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Reports;

/// <summary>
/// How many of Bubble's values are in the tables, read back from them. A field counts by the part of its values that is stored: not at all where no map
/// names it, its column is missing or holds nothing but NULLs; by half where the column holds half as many values as Bubble sent. A field that no record fills
/// counts neither way: nothing of it can be lost, and nothing shows that it would arrive. Rows that only the table has can hide a loss here;
/// <c>audit values</c> compares value by value.
/// </summary>
/// <param name="Entity">The entity, or <c>total</c>.</param>
/// <param name="Known">Fields that the map names or Bubble sends, without those that it ignores.</param>
/// <param name="Sent">Of these, fields that at least one record fills.</param>
/// <param name="Mapped">Of those sent, fields whose column is there: their own, or that of unmapped fields.</param>
/// <param name="Stored">Of those mapped, fields whose column holds anything.</param>
/// <param name="Percent">
/// The average, over the fields sent, of the part that is stored; rounded down, so that 100 says everything. 100 where nothing is sent.
/// </param>
/// <param name="Published">What was published of the map before, where the entity's map says it; null, and left out of the JSON, elsewhere.</param>
public sealed record FieldCoverage(
    string Entity, int Known, int Sent, int Mapped, int Stored, decimal Percent,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PublishedCoverage? Published)
{
    internal static FieldCoverage Of(string entity, IEnumerable<FieldAuditRow> rows, PublishedCoverage? published)
    {
        var fields = rows.Where(r => r.BubbleField.Length > 0 && !r.Ignored).GroupBy(r => (r.Entity, r.BubbleField)).ToList();
        var sent = fields.Where(f => f.Any(r => r.Filled > 0)).ToList();
        var percent = sent.Count == 0 ? 100 : Math.Floor(1000 * sent.Sum(Share) / sent.Count) / 10;
        return new FieldCoverage(
            entity, fields.Count, sent.Count, sent.Count(f => f.All(r => r.Status == FieldStatus.Mapped || r.IsKept)),
            sent.Count(f => f.All(r => r.Stored > 0)), percent, published);
    }

    // A field may go to several columns: it is stored as far as it is in all of them, or as far as the whole of it is kept unmapped.
    private static decimal Share(IEnumerable<FieldAuditRow> field) =>
        field.FirstOrDefault(r => r.IsKept) is { } kept ? Share(kept) : field.Min(Share);

    private static decimal Share(FieldAuditRow row) => Math.Min(1, (decimal)row.Stored / Math.Max(row.Filled, 1));
}

/// <summary>An earlier count of the fields of an entity's map.</summary>
/// <param name="Mapped">Fields that were mapped.</param>
/// <param name="Of">Fields that were known then.</param>
public sealed record PublishedCoverage(int Mapped, int Of)
{
    /// <summary>The sum, or null where one of them is not known.</summary>
    internal static PublishedCoverage? Sum(IEnumerable<PublishedCoverage?> parts) =>
        parts.Aggregate(
            (PublishedCoverage?)new PublishedCoverage(0, 0), (sum, part) =>
                sum is null || part is null ? null : new PublishedCoverage(sum.Mapped + part.Mapped, sum.Of + part.Of));
}
