using System.Text.Json;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Settings.Reading;

/// <summary>One JSON object of a configuration file, read strictly: every fault is collected with its path and a hint, unknown names are refused.</summary>
internal sealed class ConfigNode(JsonElement element, string file, string path, ICollection<SyncError> faults)
{
    private readonly HashSet<string> _known = ["$schema", "note"];

    /// <summary>A text that must be there and not blank.</summary>
    public string RequiredText(string name)
    {
        if (Text(name) is { } text)
            return text;

        if (!element.TryGetProperty(name, out _))
            Fault(name, $"'{name}' is missing.");
        return "";
    }

    /// <summary>A text, or null where it is absent; a blank one is a fault.</summary>
    public string? Text(string name)
    {
        if (!Take(name, out var value))
            return null;

        if (value.ValueKind == JsonValueKind.String && !string.IsNullOrWhiteSpace(value.GetString()))
            return value.GetString()!;

        Fault(name, "a text that is not blank is expected here.");
        return null;
    }

    /// <summary>The remark of a person; null where there is none. Whatever else it is, it is no error: nothing depends on it.</summary>
    public string? Note() =>
        Take("note", out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { } note && !string.IsNullOrWhiteSpace(note)
            ? note.Trim()
            : null;

    /// <summary>A text or a list of texts; empty where it is absent.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        if (!Take(name, out var value))
            return [];

        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        if (items.Length > 0 && items.All(i => i.ValueKind == JsonValueKind.String && !string.IsNullOrWhiteSpace(i.GetString())))
            return [.. items.Select(i => i.GetString()!)];

        Fault(name, "a text or a list of texts is expected here.");
        return [];
    }

    /// <summary>A text or a list of texts that must be there.</summary>
    public IReadOnlyList<string> RequiredTexts(string name)
    {
        if (element.TryGetProperty(name, out _))
            return Texts(name) is { Count: > 0 } texts ? texts : [""];

        _known.Add(name);
        Fault(name, $"'{name}' is missing.");
        return [""];
    }

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>, or <paramref name="otherwise"/> where it is absent.</summary>
    public int Integer(string name, int otherwise, int least, int most)
    {
        if (!Take(name, out var value))
            return otherwise;

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most)
            return number;

        Fault(name, Invariant($"a whole number from {least} to {most} is expected here."));
        return otherwise;
    }

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/> that must be there.</summary>
    public int RequiredInteger(string name, int least, int most)
    {
        if (!element.TryGetProperty(name, out _))
            Fault(name, $"'{name}' is missing.");
        return Integer(name, most, least, most);
    }

    /// <summary>True or false; false where it is absent.</summary>
    public bool Flag(string name)
    {
        if (!Take(name, out var value))
            return false;

        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            Fault(name, "true or false is expected here.");
        return value.ValueKind == JsonValueKind.True;
    }

    /// <summary>The position of a text among <paramref name="choices"/>, or null where it is absent.</summary>
    public int? Choice(string name, params string[] choices)
    {
        if (Text(name) is not { } text)
            return null;

        var chosen = Array.IndexOf(choices, text);
        if (chosen < 0)
            Fault(name, $"there is no '{text}' here.{DidYouMean.Hint(text, choices)}");
        return chosen < 0 ? null : chosen;
    }

    /// <summary>An object, or null where it is absent.</summary>
    public ConfigNode? Object(string name)
    {
        if (!Take(name, out var value))
            return null;

        if (value.ValueKind == JsonValueKind.Object)
            return new ConfigNode(value, file, At(name), faults);

        Fault(name, "an object is expected here.");
        return null;
    }

    /// <summary>The objects of a list that must be there and not empty.</summary>
    public IReadOnlyList<ConfigNode> Objects(string name)
    {
        if (!Take(name, out var value) || value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
        {
            Fault(name, "a list with at least one object is expected here.");
            return [];
        }

        var nodes = new List<ConfigNode>();
        foreach (var (item, index) in value.EnumerateArray().Select((item, index) => (item, index)))
        {
            var place = Invariant($"{At(name)}[{index}]");
            if (item.ValueKind == JsonValueKind.Object)
                nodes.Add(new ConfigNode(item, file, place, faults));
            else
                faults.Add(FaultAt(place, "an object is expected here."));
        }

        return nodes;
    }

    /// <summary>Refuses every name that was not asked for. Call last.</summary>
    public void Close()
    {
        foreach (var property in element.EnumerateObject().Where(p => !_known.Contains(p.Name)))
            Fault(property.Name, $"there is no setting '{property.Name}' here.{DidYouMean.Hint(property.Name, _known.Where(k => k != "$schema"))}");
    }

    private bool Take(string name, out JsonElement value)
    {
        _known.Add(name);
        return element.TryGetProperty(name, out value);
    }

    private void Fault(string name, string message) => faults.Add(FaultAt(At(name), message));

    private SyncError FaultAt(string place, string message) => new(SyncStage.Settings, null, null, place, ErrorCode.Settings, $"{file}: {place}: {message}");

    private string At(string name) => path.Length == 0 ? name : $"{path}.{name}";
}
