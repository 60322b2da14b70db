using System.Runtime.InteropServices;
using System.Text.Json;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;

namespace BubbleSync.Etl.Transform;

/// <summary>Hot: takes a page as it came, gives its records as rows for COPY; hands on, as rejects, those with a field that does not convert.</summary>
internal sealed class RecordMapper
{
    private readonly EntityPlan _plan;
    private readonly NameIndex _index;
    private readonly Conversion[] _conversions;

    /// <summary>Gets ready to map an entity.</summary>
    public RecordMapper(EntityPlan plan)
    {
        _plan = plan;
        _index = new NameIndex(plan);
        _conversions = [.. plan.Columns.Select(c => Conversions.Of(c.Type))];
        Names = new KnownNames(_index);
    }

    /// <summary>The names met so far.</summary>
    public KnownNames Names { get; }

    /// <summary>What the records held.</summary>
    public FieldTally Tally { get; } = new();

    /// <summary>Maps a page and disposes of it.</summary>
    public PageMapped Map(PageRead read)
    {
        using (read.Page)
        {
            var rows = new CopyBuffer();
            using var record = new RecordScope(_plan, _index, rows, read.Order);
            foreach (var element in read.Page.Records.EnumerateArray())
                Map(element, record);

            Tally.Add(record.Tally);
#pragma warning disable CA2000 // The batch travels on; who stages it disposes of it.
            return new PageMapped(read.Of, new RowBatch(rows, record.RowCount, record.Checksum, record.Rejects));
#pragma warning restore CA2000
        }
    }

    private void Map(JsonElement element, RecordScope record)
    {
        record.Start(element);
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in element.EnumerateObject())
                record.Fill(Names.Find(JsonMarshal.GetRawUtf8PropertyName(property)), property.Value);
        }

        if (!record.TakeId())
            return;

        foreach (var column in _plan.Columns)
            MapColumn(column, record);
        record.End();
    }

    private void MapColumn(ColumnPlan column, RecordScope record)
    {
        var value = record.Choose(column, out var fault);
        var row = record.Row;
        if (fault is null && value.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))
        {
            row.Next();
            fault = _conversions[column.Ordinal](value, column, row);
            if (row.Notes != TextNotes.None)
                record.Note(column);
        }
        else
        {
            var isNull = value.ValueKind == JsonValueKind.Null || column.AbsentClears;
            if (isNull && column.IsRequired)
                fault ??= "null, but the column must not be empty";
            record.WriteNull(column, isNull);
        }

        if (fault is not null)
            record.Fail(column, fault);
    }
}
