using System.Text.Json;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Settings.Reading;

/// <summary>Settings as texts by name (<c>Section:Name</c>, case ignored), each with the place it came from; later layers win.</summary>
internal sealed class SettingsSource
{
    private readonly Dictionary<string, (string? Text, string Origin, bool IsWords)> _values = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _sections = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _read = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The names that were not read yet, with their origins.</summary>
    public IEnumerable<(string Name, string Origin)> Unread => _values.Where(v => !_read.Contains(v.Key)).Select(v => (v.Key, v.Value.Origin))
        .Concat(_sections.Where(s => !_read.Any(r => r.StartsWith(s.Key + ":", StringComparison.OrdinalIgnoreCase))).Select(s => (s.Key, s.Value)));

    /// <summary>Sets one value, over earlier ones.</summary>
    public void Set(string name, string? text, string origin, bool isWords = true) => _values[name] = (text, origin, isWords);

    /// <summary>Sets the values of a JSON file, over earlier ones; nested objects become <c>Section:Name</c>.</summary>
    public void AddFile(string path)
    {
        using var document = ConfigText.Parse(path, path);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new SyncException(
                new SyncError(
                    SyncStage.Settings, null, null, path, ErrorCode.Settings,
                    $$"""{{path}}: settings are one JSON object, such as { "Bubble": { "PageSize": 100 } }."""));

        Flatten(document.RootElement, "", path);
    }

    /// <summary>The value of a setting and where it came from, and whether it is a text there, not a number or a list; blank counts as not set.</summary>
    public (string? Text, string Origin, bool IsWords) Take(string name)
    {
        _read.Add(name);
        return _values.TryGetValue(name, out var value) && !string.IsNullOrWhiteSpace(value.Text) ? value : (null, value.Origin ?? "default", true);
    }

    /// <summary>Whether a setting has a text without content; JSON's null is not one.</summary>
    public bool IsBlank(string name) => _values.TryGetValue(name, out var value) && value.Text is { } text && string.IsNullOrWhiteSpace(text);

    private void Flatten(JsonElement element, string name, string origin)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object when name.Length > 0 && !element.EnumerateObject().Any():
                _sections[name] = origin;
                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject().Where(p => p.Name != "$schema"))
                    Flatten(property.Value, name.Length == 0 ? property.Name : $"{name}:{property.Name}", origin);
                break;
            case JsonValueKind.Null:
                Set(name, null, origin);
                break;
            default:
                Set(name, element.ToString(), origin, element.ValueKind == JsonValueKind.String);
                break;
        }
    }
}
