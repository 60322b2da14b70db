using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace BubbleSync.Etl.Transform.FieldTypes;

/// <summary>Hot: the fields of the current record that go into the column of unmapped fields, in the record's order; one object for a page.</summary>
internal sealed class UnmappedFields
{
    // Most records of a page have the same fields, so that this grows once for a page, and never for an entity that keeps none.
    private readonly List<(KnownName Name, JsonProperty Field)> _fields = [];

    /// <summary>The number of fields.</summary>
    public int Count => _fields.Count;

    /// <summary>A field, with its name as it was resolved.</summary>
    public (KnownName Name, JsonProperty Field) this[int index] => _fields[index];

    /// <summary>Forgets the fields of the record before.</summary>
    public void Clear() => _fields.Clear();

    /// <summary>Adds a field. Of one name twice the last counts, which jsonb decides in the same way.</summary>
    public void Add(KnownName name, JsonProperty field) => _fields.Add((name, field));

    /// <summary>Removes a field.</summary>
    public void RemoveAt(int index) => _fields.RemoveAt(index);

    /// <summary>The object, its names and values as they were received.</summary>
    public string Raw() => $"{{{string.Join(',', _fields.Select(f => Raw(f.Field)))}}}";

    private static string Raw(JsonProperty field) =>
        $"\"{Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8PropertyName(field))}\":{Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(field.Value))}";
}
