using System.Runtime.InteropServices;
using System.Text.Json;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Transform.FieldTypes;

namespace BubbleSync.Etl.Transform;

/// <summary>Hot: turns a page as it was received into rows for COPY, and passes on records with a field that does not convert as rejects.</summary>
internal sealed class RecordMapper
{
    private const int SmallestBuffer = 64 * 1024;

    private static readonly JsonElement Null = JsonElement.Parse("null"u8);

    private readonly EntityPlan _plan;
    private readonly ColumnPlan[] _columns;
    private readonly NameIndex _index;
    private readonly Conversion[] _conversions;
    private readonly MaskedRecords? _masking;
    private readonly bool _keepsRaw;

    /// <summary>Prepares to map an entity.</summary>
    /// <param name="plan">The entity.</param>
    /// <param name="keepsRaw">
    /// Whether records are also passed on as they were received, and rejected ones with the fields that convert: for comparison, not for merging.
    /// </param>
    public RecordMapper(EntityPlan plan, bool keepsRaw = false)
    {
        _keepsRaw = keepsRaw;
        _plan = plan;
        _columns = [.. plan.Columns];
        _masking = MaskedRecords.Of(plan);
        _index = new NameIndex(plan);
        _conversions = [.. _columns.Select(c => Conversions.Of(c))];
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
#pragma warning disable CA2000 // The batch travels on with both; who stages it disposes of it.
            // A row takes about as many bytes as its record.
            var size = Math.Max(SmallestBuffer, read.Page.Length);
            var (rows, raw) = (new CopyBuffer(size), _keepsRaw ? new CopyBuffer(size) : null);
            using var record = new RecordScope(_plan, _index, rows, read.Order) { KeepsRejected = _keepsRaw, Masking = _masking };
            foreach (var element in read.Page.Records.EnumerateArray())
            {
                if (Map(element, record) && raw is not null)
                    Keep(element, record.Order, raw);
            }

            Tally.Add(read.Of, record.Tally);
            return new PageMapped(read.Of, new RowBatch(rows, record.RowCount, record.Checksum, record.Rejects) { Raw = raw, Memory = read.Page.TakeMemory() });
#pragma warning restore CA2000
        }
    }

    private bool Map(JsonElement element, RecordScope record)
    {
        record.Start(element);
        record.Fill(Names);
        if (!record.TakeId())
            return false;

        foreach (var column in _columns)
            MapColumn(column, record);
        record.End();
        return true;
    }

    private void Keep(JsonElement element, long order, CopyBuffer raw)
    {
        raw.StartRow(2);
        raw.WriteInt64Field(order);
        if (_masking is null)
        {
            raw.WriteField(JsonMarshal.GetRawUtf8Value(element));
            return;
        }

        var place = raw.StartField();
        _masking.Append(element, raw);
        raw.EndField(place);
    }

    private void MapColumn(ColumnPlan column, RecordScope record)
    {
        var value = record.Choose(column, out var kind, out var fault);
        if (column.Mask is { } mask)
        {
            var hadValue = kind is not (JsonValueKind.Undefined or JsonValueKind.Null);
            kind = (value = Masked(value, kind, column, mask)).ValueKind;
            if (hadValue && kind == JsonValueKind.Undefined)
                fault ??= MaskedValue.Lost;
        }

        var row = record.Row;
        if (fault is null && kind is not (JsonValueKind.Undefined or JsonValueKind.Null))
        {
            row.Next();
            var before = row.Rows.Length;
            fault = _conversions[column.Ordinal](value, column, row);
            if (fault is not null)
            {
                row.Rows.Rewind(before);
                record.WriteNull(column, false);
            }

            if (row.Notes != TextNotes.None)
                record.Note(column);
        }
        else
        {
            // Whether an absent field clears its column is decided when all records are staged: see ClearGuard.
            var isNull = kind == JsonValueKind.Null;
            if ((isNull || column.AbsentClears) && column.IsRequired)
                fault ??= "null, but the column must not be empty";
            record.WriteNull(column, isNull);
        }

        if (fault is not null)
            record.Fail(column, fault);
    }

    // What is dropped is NULL, whether the record has the field or not: what was stored before the mask goes too.
    private static JsonElement Masked(JsonElement value, JsonValueKind kind, ColumnPlan column, FieldMask mask) =>
        mask.Kind == MaskKind.Drop ? Null
        : kind is JsonValueKind.Undefined or JsonValueKind.Null ? value
        : MaskedValue.Of(value, column);
}
