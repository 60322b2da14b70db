using System.Runtime.InteropServices;
using System.Text.Json;
using BubbleSync.Etl.Compare.Values;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Transform;

namespace BubbleSync.Etl.Compare;

/// <summary>The values in records of an entity, by the field names received, and those that did not convert.</summary>
internal sealed class FieldProfile
{
    private readonly Dictionary<string, ShapeTally> _byName = [];
    private readonly Dictionary<string, long> _failed = [];

    /// <summary>Records seen.</summary>
    public long Seen { get; private set; }

    /// <summary>The values of each name.</summary>
    public IReadOnlyDictionary<string, ShapeTally> ByName => _byName;

    /// <summary>Values that did not convert, by the field's name in its map.</summary>
    public IReadOnlyDictionary<string, long> Failed => _failed;

    /// <summary>Counts what records hold; <paramref name="names"/> resolves each name once.</summary>
    public static FieldProfile Of(IReadOnlyCollection<JsonElement> records, KnownNames names)
    {
        var byName = new Dictionary<KnownName, ShapeTally>(ReferenceEqualityComparer.Instance);
        foreach (var record in records.Where(r => r.ValueKind == JsonValueKind.Object))
        {
            foreach (var property in record.EnumerateObject())
            {
                var name = names.Find(JsonMarshal.GetRawUtf8PropertyName(property));
                (CollectionsMarshal.GetValueRefOrAddDefault(byName, name, out _) ??= new ShapeTally()).Add(ValueShape.Of(property.Value));
            }
        }

        var seen = new FieldProfile { Seen = records.Count };
        foreach (var (name, tally) in byName)
            seen.Add(name.Name, tally);
        return seen;
    }

    /// <summary>Adds values that did not convert.</summary>
    public void Fail(IEnumerable<Reject> rejects)
    {
        foreach (var reject in rejects)
            _failed[reject.Field] = _failed.GetValueOrDefault(reject.Field) + 1;
    }

    /// <summary>Adds the counts of other records.</summary>
    public void Add(FieldProfile others)
    {
        Seen += others.Seen;
        foreach (var (name, tally) in others._byName)
            Add(name, tally);
        foreach (var (field, count) in others._failed)
            _failed[field] = _failed.GetValueOrDefault(field) + count;
    }

    private void Add(string name, ShapeTally tally) =>
        (CollectionsMarshal.GetValueRefOrAddDefault(_byName, name, out _) ??= new ShapeTally()).Add(tally);
}
