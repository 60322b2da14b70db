using System.Globalization;
using System.Text.Json.Serialization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Reports;

/// <summary>Which fields are mapped, sent and stored. Two reports of the same data are identical.</summary>
/// <param name="Rows">One row for each entity, field and column, sorted by these; after an entity's fields the columns that only its table has.</param>
/// <param name="Coverage">The entities by name.</param>
/// <param name="Total">All of them together.</param>
/// <param name="Warnings">Why not everything may have been read, by entity.</param>
public sealed record FieldAuditReport(
    IReadOnlyList<FieldAuditRow> Rows, IReadOnlyList<FieldCoverage> Coverage, FieldCoverage Total, IReadOnlyList<string> Warnings)
{
    private static readonly string[] Counts = ["seen", "present", "stored", "failed"];
    private static readonly string[] Head = ["entity", "bubble_field", "column", "type", "status", .. Counts];

    /// <summary>The place that was looked at.</summary>
    public TargetPlace? Target { get; init; }

    /// <summary>What to do next, where Bubble sends fields that are kept nowhere. In no JSON.</summary>
    [JsonIgnore]
    public IReadOnlyList<NextAction> NextActions => Reports.NextActions.After(this);

    /// <summary>The report as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);

    /// <summary>Writes the rows as CSV with the head <c>entity,bubble_field,column,type,status,seen,present,stored,failed</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="shapes">Whether a last column <c>shapes</c> follows, its shapes divided by blanks.</param>
    /// <param name="excel">Whether spreadsheets keep every text as it is; the file then begins with a byte order mark.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="SyncException">The file cannot be written.</exception>
    public Task WriteCsvAsync(string path, bool shapes, bool excel, CancellationToken cancellationToken) =>
        CsvFile.WriteAsync(
            path, new CsvHead(shapes ? [.. Head, "shapes"] : Head) { Numbers = Counts }, Rows.Select(r => Cells(r, shapes)).ToAsyncEnumerable(),
            excel ? CsvTexts.Excel : CsvTexts.Guarded, cancellationToken);

    private static IReadOnlyList<string> Cells(FieldAuditRow row, bool shapes) =>
    [
        row.Entity, row.BubbleField, row.Column, row.Type, Word.Of(row.Status), Text(row.Seen), Text(row.Present), Text(row.Stored), Text(row.Failed),
        .. shapes ? [string.Join(' ', row.Shapes)] : Array.Empty<string>(),
    ];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One field of one entity.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="BubbleField">The field as Bubble names it; empty for a column that no map names.</param>
/// <param name="Column">The target column; for a field that no map names, the column of unmapped fields, or empty where the map names none.</param>
/// <param name="Type">The field's type, or the column's type.</param>
/// <param name="Status">How both belong together.</param>
/// <param name="Seen">Records read; one that changes meanwhile is read twice.</param>
/// <param name="Present">Records that had the field.</param>
/// <param name="Stored">Rows in PostgreSQL whose column is not NULL; in the column of unmapped fields, rows whose object has the field.</param>
/// <param name="Failed">Values that did not convert.</param>
/// <param name="Filled">Records that had something in the field: neither null nor blank nor a bare <c>//</c>.</param>
/// <param name="Shapes">
/// What the values look like, whatever they say: <c>text(12)</c> (characters), <c>url</c>, <c>id</c> (of Bubble), <c>date</c>, <c>number</c>, <c>boolean</c>,
/// <c>object</c>,
/// <c>list(3)</c> (items), <c>blank</c>, <c>null</c>. Three at most, in this order: of each kind the longest, and where that leaves room the shortest.
/// </param>
public sealed record FieldAuditRow(
    string Entity, string BubbleField, string Column, string Type, FieldStatus Status, long Seen, long Present, long Stored, long Failed, long Filled,
    IReadOnlyList<string> Shapes)
{
    /// <summary>Whether the map ignores the field, so that it counts nowhere in the coverage.</summary>
    public bool Ignored { get; init; }

    /// <summary>Whether the column of unmapped fields keeps the whole field.</summary>
    internal bool IsKept => Status == FieldStatus.Unmapped && Column.Length > 0;
}
