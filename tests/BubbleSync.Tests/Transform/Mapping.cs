using System.Buffers;
using System.Text;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Transform;
using BubbleSync.Etl.Transform.FieldTypes;
using BubbleSync.Tests.Plan;

namespace BubbleSync.Tests.Transform;

/// <summary>Maps records as the graph does, a page at a time, and reads what would be staged.</summary>
internal sealed class Mapping(EntityPlan plan)
{
    /// <summary>An id in Bubble's form.</summary>
    public const string Id = "1700000000000x100000000000000001";

    private const string ValueColumn = "value";

    /// <summary>An entity of one field, <c>Value</c>, read into a column of any type.</summary>
    public static Mapping Of(string type, string columnType) =>
        Of(TestTable.Field(ValueColumn, type, "Value"), columnType);

    /// <summary>An entity of one field, read into a column named <c>value</c>.</summary>
    public static Mapping Of(FieldMap field, string columnType, bool isRequired = false) =>
        new(TestTable.Plan(
            TestTable.Map("thing", field with { Column = ValueColumn }), TestTable.Column(ValueColumn, columnType) with { IsRequired = isRequired }));

    /// <summary>An entity of several fields, each into a column of its own type.</summary>
    public static Mapping Of(EntityMap map, params ColumnInfo[] columns) => new(TestTable.Plan(map, columns));

    /// <summary>The mapper: names and tallies.</summary>
    public RecordMapper Mapper { get; } = new(plan);

    /// <summary>What was changed in texts, or was odd, in any column.</summary>
    public TextNotes Notes => Mapper.Tally.Notes.Keys.Aggregate(TextNotes.None, (all, note) => all | note.Note);

    /// <summary>Maps records given as JSON texts.</summary>
    public MappedRecords Map(params string[] records) => MapBytes([.. records.Select(Encoding.UTF8.GetBytes)]);

    /// <summary>Maps records given as bytes.</summary>
    public MappedRecords MapBytes(params byte[][] records)
    {
        byte[] body = [.. """{"response":{"cursor":0,"results":["""u8, .. Join(records), .. """],"count":0,"remaining":0}}"""u8];
        var rented = ArrayPool<byte>.Shared.Rent(body.Length);
        body.CopyTo(rented, 0);
        var reading = new WindowReading(new Window(WindowKind.Created, null, null), 1);
        using var batch = Mapper.Map(new PageRead(reading, RawPage.Parse(rented, body.Length, null), 1000)).Batch;
        Mapper.Tally.End(new ReadingEnded(reading, 1, new ReadingResult(Outcome.Verified, null, records.Length, null, null)));
        var rows = CopyRows.Decode(batch.Rows.Written.Span, plan);
        return new MappedRecords(rows, batch.Rejects, batch.RowCount);
    }

    /// <summary>What one value becomes; throws with the reason where it does not convert.</summary>
    public object? Convert(string json) => Convert(Encoding.UTF8.GetBytes(json));

    /// <summary>What one value becomes; throws with the reason where it does not convert.</summary>
    public object? Convert(byte[] json)
    {
        var mapped = MapBytes([.. Encoding.UTF8.GetBytes($$"""{"_id":"{{Id}}","Value":"""), .. json, .. "}"u8]);
        return mapped.Rejects.Count == 0 ? mapped.Rows[0].Values[ValueColumn] : throw new RejectedException(mapped.Rejects[0].Reason);
    }

    /// <summary>
    /// What one record's <c>value</c> column holds: its value, <c>null</c> where NULL is to be stored, <c>absent</c> where it is left unchanged.
    /// </summary>
    public object? Stored(string fields)
    {
        var row = Map($$"""{"_id":"{{Id}}"{{(fields.Length == 0 ? "" : ",")}}{{fields}}}""").Rows[0];
        if (row.IsRejected)
            return "rejected";

        return row.Values[ValueColumn] ?? (row.Nulls.Contains(ValueColumn) ? "null" : "absent");
    }

    private static IEnumerable<byte> Join(byte[][] records) => records.SelectMany((record, index) => index == 0 ? record : [(byte)',', .. record]);
}

/// <summary>What came of a page.</summary>
internal sealed record MappedRecords(IReadOnlyList<MappedRow> Rows, IReadOnlyList<Reject> Rejects, int RowCount);

/// <summary>A value did not convert; the message is the reason.</summary>
internal sealed class RejectedException(string reason) : Exception(reason);
