using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Transform.FieldTypes;

namespace BubbleSync.Etl.Transform;

/// <summary>Hot: the state of the record that is being mapped; one object for a page, reset for each record.</summary>
internal sealed partial class RecordScope(EntityPlan plan, NameIndex index, CopyBuffer rows, long firstOrder) : IDisposable
{
    private readonly StagingLayout _layout = new(plan);
    private readonly ColumnPlan _modified = plan.Modified;
    private readonly Conversion _toModified = Conversions.Of(plan.Modified);
    // Undefined if the record does not fill a slot; the slot then still has the value of an earlier record. Nearly all slots of a record are empty.
    private readonly JsonValueKind[] _kinds = new JsonValueKind[index.SlotCount];
    private readonly JsonElement[] _slots = new JsonElement[index.SlotCount];
    private readonly long[] _nulls = new long[StagingLayout.NullWords(plan.Columns.Count)];
    private readonly List<(ColumnPlan Column, string Reason)> _faults = [];
    private long _order = firstOrder - 1;
    private JsonElement _record;
    private string? _id;
    private int _start;
    // The slot of the value that was chosen last; null where the column has nothing but blanks and nulls.
    private int? _chosen;

    /// <summary>Where conversions write.</summary>
    public RowWriter Row { get; } = new(rows);

    /// <summary>The page's counts.</summary>
    public PageTally Tally { get; } = new();

    /// <summary>Whether a rejected record keeps the fields that convert.</summary>
    public bool KeepsRejected { get; init; }

    /// <summary>The record's number.</summary>
    public long Order => _order;

    /// <summary>Rows written.</summary>
    public int RowCount { get; private set; }

    /// <summary>The rows' checksum.</summary>
    public ulong Checksum { get; private set; }

    /// <summary>The fields that did not convert.</summary>
    public List<Reject> Rejects { get; } = [];

    /// <summary>Begins a record.</summary>
    public void Start(JsonElement record)
    {
        _record = record;
        _order++;
        _id = null;
        _start = rows.Length;
        _faults.Clear();
        Row.Unmapped.Clear();
        Array.Clear(_kinds);
        Array.Clear(_nulls);
    }

    /// <summary>Takes the record's names and values; of one name twice the last counts, as everywhere in JSON.</summary>
    public void Fill(KnownNames names)
    {
        if (_record.ValueKind != JsonValueKind.Object)
            return;

        foreach (var property in _record.EnumerateObject())
        {
            var name = names.Find(JsonMarshal.GetRawUtf8PropertyName(property));
            Tally.Count(name);
            if (name.Unmapped != UnmappedRule.Never)
                Row.Unmapped.Add(name, property);
            foreach (var slot in name.Slots)
                (_slots[slot], _kinds[slot]) = (property.Value, property.Value.ValueKind);
        }
    }

    /// <summary>Begins the row if the record has a usable id; otherwise the record is a reject without an id.</summary>
    public bool TakeId()
    {
        var id = Slot(index.IdSlot);
        if (id.ValueKind == JsonValueKind.String && BubbleId.IsValid(JsonText.Raw(id)))
        {
            rows.StartRow(_layout.FieldCount);
            return true;
        }

        var reason = _record.ValueKind != JsonValueKind.Object ? "the record is no object"
            : id.ValueKind == JsonValueKind.Undefined ? "the record has no _id"
            : "the _id is not of the form digits x digits";
        Rejects.Add(new Reject(null, _order, BubbleField.Id, reason, Raw()));
        return false;
    }

    /// <summary>
    /// The value a column takes: of its sources, the first that is neither absent, null nor blank; undefined where there is none,
    /// null only where nulls are all there is. A blank text is a value where the type keeps blanks.
    /// </summary>
    public JsonElement Choose(ColumnPlan column, out JsonValueKind kind, out string? fault)
    {
        (fault, _chosen) = (null, null);
        if (column.HoldsUnmapped)
            return ChooseUnmapped(out kind);

        JsonElement blank = default, none = default;
        foreach (var slot in index.ColumnSlots[column.Ordinal])
        {
            kind = _kinds[slot];
            if (kind == JsonValueKind.Undefined)
                continue;

            var value = _slots[slot];
            if (column.Path.Count > 0)
                kind = (value = Walk(value, column, ref fault)).ValueKind;
            if (kind == JsonValueKind.Undefined)
                continue;
            if (kind == JsonValueKind.Null)
                none = value;
            else if (kind != JsonValueKind.String || !TextConversion.IsNothing(value, column.Type))
            {
                _chosen = slot;
                return value;
            }
            else if (column.Type.KeepsBlank && blank.ValueKind == JsonValueKind.Undefined)
                blank = value;
        }

        var rest = blank.ValueKind != JsonValueKind.Undefined ? blank : none;
        kind = rest.ValueKind;
        return rest;
    }

    /// <summary>Writes NULL; marks whether it stands for a null that is to be stored, or for nothing at all.</summary>
    public void WriteNull(ColumnPlan column, bool isNull)
    {
        rows.WriteNull();
        if (isNull)
            _nulls[column.Ordinal / StagingLayout.BitsInWord] |= 1L << (column.Ordinal % StagingLayout.BitsInWord);
    }

    /// <summary>A field did not convert.</summary>
    public void Fail(ColumnPlan column, string reason) => _faults.Add((column, reason));

    /// <summary>Notes that a value was changed or is unusual.</summary>
    public void Note(ColumnPlan column) => Tally.Notes.Add((column.Ordinal, Row.Notes, Id()));

    /// <summary>Ends the row, or turns it into a rejection mark that replaces older readings of the record.</summary>
    public void End()
    {
        var isRejected = _faults.Count > 0;
        if (isRejected)
            Reject();

        foreach (var word in _nulls)
            rows.WriteInt64Field(word);
        if (!TryWriteMoment(Slot(index.CreatedSlot), TimestampConversion.Timestamp))
            rows.WriteNull();
        rows.WriteBooleanField(isRejected);
        rows.WriteInt64Field(_order);
        RowCount++;
        unchecked
        {
            Checksum += RowChecksum.Of(rows.Written.Span[(_start + sizeof(short))..]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Row.Dispose();

    // Apart from End, for with it every record would make the closure that only a rejected one needs.
    private void Reject()
    {
        var raw = Raw();
        Rejects.AddRange(_faults.Select(f => new Reject(Id(), _order, f.Column.Field, f.Reason, raw)));
        if (!KeepsRejected)
            WriteRejectedRow();
    }

    private void WriteRejectedRow()
    {
        rows.Rewind(_start);
        Array.Clear(_nulls);
        rows.StartRow(_layout.FieldCount);
        foreach (var column in plan.Columns)
        {
            if (column.Name == plan.KeyName)
                rows.WriteField(JsonText.Raw(_slots[index.IdSlot]));
            // The date still decides which of two readings counts, unless the date itself did not convert.
            else if (column.Name != Clocks.Modified || !TryWriteMoment(Slot(index.ModifiedSlot), _toModified))
                rows.WriteNull();
        }
    }

    private JsonElement Slot(int slot) => _kinds[slot] == JsonValueKind.Undefined ? default : _slots[slot];

    private bool TryWriteMoment(JsonElement value, Conversion conversion)
    {
        var before = rows.Length;
        Row.Next();
        if (value.ValueKind is JsonValueKind.String or JsonValueKind.Number && conversion(value, _modified, Row) is null)
            return true;

        rows.Rewind(before);
        return false;
    }

    private static JsonElement Walk(JsonElement value, ColumnPlan column, ref string? fault)
    {
        for (var step = 0; step < column.Path.Count; step++)
        {
            if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null
                || (value.ValueKind == JsonValueKind.String && JsonText.IsBlank(JsonText.Raw(value))))
                return value.ValueKind == JsonValueKind.String ? default : value;

            if (value.ValueKind != JsonValueKind.Object || (column.Mask is not null && MaskedValue.IsKept(value)))
            {
                fault = value.ValueKind == JsonValueKind.Object ? MaskedValue.Lost
                    : $"{TextConversion.Kind(value)} is not an object with '{string.Join('.', column.Path)}' in it";
                return default;
            }

            value = Property(value, column.Path[step]);
        }

        return value;
    }

    private static JsonElement Property(JsonElement value, string name)
    {
        var found = default(JsonElement);
        foreach (var property in value.EnumerateObject())
            found = IsNamed(property, name) ? property.Value : found;
        return found;
    }

    // Not TryGetProperty, nor NameEquals alone, which throw where they meet an escape that is a lone surrogate.
    private static bool IsNamed(JsonProperty property, string name)
    {
        var raw = JsonMarshal.GetRawUtf8PropertyName(property);
        return raw.Contains((byte)'\\') ? JsonText.Lossy(raw) == name : property.NameEquals(name);
    }

    private string Id() => _id ??= Encoding.UTF8.GetString(JsonText.Raw(_slots[index.IdSlot]));
}
