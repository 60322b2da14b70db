using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Transform.FieldTypes;

namespace BubbleSync.Etl.Transform;

/// <summary>
/// Records as they were received, with the values of masked fields replaced; every other byte is the same. For records that are kept: rejected ones, and those
/// of a comparison.
/// </summary>
internal sealed class MaskedRecords
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    private readonly Masks _masks = new();

    private MaskedRecords(IEnumerable<ColumnPlan> columns)
    {
        foreach (var column in columns)
        {
            foreach (var name in column.SourceNames)
                _masks.Add([name, .. column.Path], column);
        }
    }

    /// <summary>Returns the masking of an entity; null where its map masks nothing.</summary>
    public static MaskedRecords? Of(EntityPlan plan) =>
        plan.Columns.Where(c => c.Mask is not null).ToList() is { Count: > 0 } columns ? new MaskedRecords(columns) : null;

    /// <summary>Appends a record.</summary>
    public void Append(JsonElement record, CopyBuffer to)
    {
        if (record.ValueKind != JsonValueKind.Object)
        {
            // Nobody knows what it holds.
            to.WriteBytes("null"u8);
            return;
        }

        var all = JsonMarshal.GetRawUtf8Value(record);
        var copied = 0;
        Append(record, _masks, all, ref copied, to);
        to.WriteBytes(all[copied..]);
    }

    /// <summary>Returns a record as text.</summary>
    public string Text(JsonElement record)
    {
        using var text = new CopyBuffer(1024);
        Append(record, text);
        return Encoding.UTF8.GetString(text.Written.Span);
    }

    /// <summary>Returns a record as text.</summary>
    public string Text(string record)
    {
        using var document = JsonDocument.Parse(record, Deep);
        return Text(document.RootElement);
    }

    private static void Append(JsonElement element, Masks masks, ReadOnlySpan<byte> all, ref int copied, CopyBuffer to)
    {
        foreach (var property in element.EnumerateObject())
        {
            var value = property.Value;
            if (masks.Below(JsonText.Lossy(JsonMarshal.GetRawUtf8PropertyName(property))) is not { } below || !MaskedValue.IsOpen(value))
                continue;

            if (below.Columns.Count == 0 && value.ValueKind == JsonValueKind.Object)
            {
                Append(value, below, all, ref copied, to);
                continue;
            }

            var raw = JsonMarshal.GetRawUtf8Value(value);
            all.Overlaps(raw, out var at);
            to.WriteBytes(all[copied..at]);
            MaskedValue.AppendForms(value, below.Columns, to);
            copied = at + raw.Length;
        }
    }

    /// <summary>The masks of an object: those of the object itself, and those of its fields.</summary>
    private sealed class Masks
    {
        private readonly Dictionary<string, Masks> _below = [];

        public List<ColumnPlan> Columns { get; } = [];

        public Masks? Below(string name) => _below.GetValueOrDefault(name);

        public void Add(ReadOnlySpan<string> path, ColumnPlan column)
        {
            if (path.Length == 0)
            {
                Columns.Add(column);
                return;
            }

            if (!_below.TryGetValue(path[0], out var below))
                _below[path[0]] = below = new Masks();
            below.Add(path[1..], column);
        }
    }
}
