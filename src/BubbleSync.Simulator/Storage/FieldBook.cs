using System.Text.Json;
using BubbleSync.Simulator.Generation;

namespace BubbleSync.Simulator.Storage;

/// <summary>The fields of a type by every name that Bubble takes for them; learns those of records that are put.</summary>
internal sealed class FieldBook
{
    private readonly bool _idKeys;
    private readonly Dictionary<string, Field> _byName = [];
    private readonly List<Field> _fields = [];

    public FieldBook(IEnumerable<Field> fields, bool idKeys)
    {
        _idKeys = idKeys;
        foreach (var field in (IEnumerable<Field>)[New(
            "_id", "text"), New("Created Date", "date"), New("Modified Date", "date"), New("Created By", "user"), .. fields])
            Add(field);
    }

    public IReadOnlyList<Field> Fields => _fields;

    /// <summary>The name under which a record carries the field.</summary>
    public string KeyOf(Field field) => _idKeys ? field.Id : field.Name;

    /// <summary>The field of that display name, database id or squashed name, as constraints may give it.</summary>
    public Field? Find(string key) => _byName.GetValueOrDefault(key);

    /// <summary>The field of exactly that key, as writes must give it.</summary>
    public Field? FindKey(string key) => Find(key) is { } field && KeyOf(field) == key ? field : null;

    public void Declare(string name, string type) => Add(New(name, type));

    public void Learn(ReadOnlyMemory<byte> json)
    {
        using var record = JsonDocument.Parse(json);
        foreach (var property in record.RootElement.EnumerateObject())
        {
            if (!_byName.ContainsKey(property.Name))
                Add(New(property.Name, TypeOf(property.Value)));
        }
    }

    private static Field New(string name, string type) => new(name, type, 0, static _ => false);

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Array => "list.text",
        _ => "text",
    };

    private void Add(Field field)
    {
        _fields.Add(field);
        _byName[field.Name] = field;
        _byName.TryAdd(field.Id, field);
        _byName.TryAdd(field.Squashed, field);
    }
}
