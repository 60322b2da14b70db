using System.Globalization;
using BubbleSync.Etl.Audit;

namespace BubbleSync.Etl;

/// <summary>Which fields are mapped, sent and stored.</summary>
/// <param name="Rows">One row for each entity and field, sorted.</param>
/// <param name="Coverage">Per entity: of the fields that Bubble sent, how many are mapped to a column that is there.</param>
public sealed record FieldAuditReport(IReadOnlyList<FieldAuditRow> Rows, IReadOnlyList<FieldCoverage> Coverage)
{
    /// <summary>The report as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);

    /// <summary>Writes the rows as CSV with the head <c>entity,bubble_field,column,type,status,seen,present,stored,failed</c>.</summary>
    /// <exception cref="SyncException">The file cannot be written.</exception>
    public Task WriteCsvAsync(string path, CancellationToken cancellationToken) => CsvFile.WriteAsync(
        path,
        ["entity", "bubble_field", "column", "type", "status", "seen", "present", "stored", "failed"],
        Rows.Select(r => (IReadOnlyList<string>)[r.Entity, r.BubbleField, r.Column, r.Type, r.Status, Text(r.Seen), Text(r.Present), Text(r.Stored), Text(r.Failed)]).ToAsyncEnumerable(),
        cancellationToken);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One field of one entity.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="BubbleField">The field as Bubble names it; empty for a column that no map names.</param>
/// <param name="Column">The target column; empty for a field that no map names.</param>
/// <param name="Type">What the field becomes, or the column's type.</param>
/// <param name="Status"><c>mapped</c>, <c>unmapped</c>, <c>column-missing</c>, <c>local-only</c> or <c>absent-in-bubble</c>.</param>
/// <param name="Seen">Records read.</param>
/// <param name="Present">Records that had the field.</param>
/// <param name="Stored">Rows in PostgreSQL whose column is not NULL.</param>
/// <param name="Failed">Values that did not convert.</param>
public sealed record FieldAuditRow(
    string Entity, string BubbleField, string Column, string Type, string Status, long Seen, long Present, long Stored, long Failed);

/// <summary>How much of what Bubble sends is mapped.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="Sent">Fields that at least one record had.</param>
/// <param name="Mapped">Of these, fields with a column.</param>
/// <param name="Percent">Mapped of sent, in per cent.</param>
public sealed record FieldCoverage(string Entity, int Sent, int Mapped, decimal Percent);
