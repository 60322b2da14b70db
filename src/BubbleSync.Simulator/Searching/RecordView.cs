using System.Text.Json;
using BubbleSync.Simulator.Generation;
using BubbleSync.Simulator.Storage;

namespace BubbleSync.Simulator.Searching;

/// <summary>One record under examination. Dates and id cost little; any other field makes the record be written out and parsed.</summary>
internal sealed class RecordView(TypeStore store) : IDisposable
{
    private readonly Utf8Output _output = new();
    private RecordPlace _place;
    private JsonDocument? _document;

    public void Show(RecordPlace place)
    {
        _place = place;
        _document?.Dispose();
        _document = null;
    }

    /// <summary>The value as it compares: number, moment in milliseconds, yes/no or text; null when there is none.</summary>
    public IComparable? Value(Field field) => field.Name switch
    {
        "Created Date" => Created == StoredRecord.Undated ? null : Created,
        "Modified Date" => _place.Stored is { } stored ? stored.Modified : store.Timeline.Modified(_place.Index),
        "_id" => Id,
        _ => Json(field) is { } value ? Operand.From(field, value) : null,
    };

    public IEnumerable<string> Items(Field field) =>
        Json(field) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().Select(Operand.Text) : [];

    public bool IsEmpty(Field field) => field.Name switch
    {
        "Created Date" or "Modified Date" or "_id" => Value(field) is null,
        _ => Json(field) is not { } value || IsBlank(value),
    };

    public void Dispose()
    {
        _document?.Dispose();
        _output.Dispose();
    }

    private long Created => _place.Stored?.Created ?? store.Timeline.Created(_place.Index);

    private string? Id => _place.Stored is { } stored ? stored.Id : store.Timeline.Id(_place.Index).ToString();

    private static bool IsBlank(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.String => value.ValueEquals(""u8),
        _ => false,
    };

    private JsonElement? Json(Field field)
    {
        if (_document is null)
        {
            _output.Cut(0);
            store.Write(_place, _output);
            _document = JsonDocument.Parse(_output.Written);
        }

        return _document.RootElement.TryGetProperty(store.Fields.KeyOf(field), out var value) ? value : null;
    }
}
