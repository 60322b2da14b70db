using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Transform.FieldTypes;

namespace BubbleSync.Etl.Transform;

/// <summary>Finds in a record, as it was received, the value for each column: as the mapper does, but without converting it.</summary>
internal sealed class RawFields : IDisposable
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    private readonly CopyBuffer _nothing = new(16);
    private readonly RecordScope _scope;
    private readonly KnownNames _names;
    private JsonDocument? _record;

    /// <summary>Prepares for records of an entity.</summary>
    public RawFields(EntityPlan plan)
    {
        var index = new NameIndex(plan);
        _scope = new RecordScope(plan, index, _nothing, 0);
        _names = new KnownNames(index);
    }

    /// <summary>Takes a record.</summary>
    public void Read(ReadOnlyMemory<byte> record)
    {
        _record?.Dispose();
        _record = JsonDocument.Parse(record, Deep);
        _scope.Start(_record.RootElement);
        _scope.Fill(_names);
    }

    /// <summary>The value for a column: a text without its quotes, anything else as JSON; empty if there is none. A masked value is shown as it is
    /// stored.</summary>
    public string Of(ColumnPlan column)
    {
        var value = _scope.Choose(column, out var kind, out _);
        if (column.Mask is { } mask && kind is not (JsonValueKind.Undefined or JsonValueKind.Null))
            kind = (value = mask.Kind == MaskKind.Drop ? default : MaskedValue.Of(value, column)).ValueKind;
        return kind switch
        {
            JsonValueKind.Undefined => "",
            JsonValueKind.Object when column.HoldsUnmapped => _scope.Row.Unmapped.Raw(),
            _ when column.HoldsUnmapped => "",
            JsonValueKind.String => JsonText.Lossy(JsonText.Raw(value)),
            _ => Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(value)),
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _record?.Dispose();
        _scope.Dispose();
        _nothing.Dispose();
    }
}
