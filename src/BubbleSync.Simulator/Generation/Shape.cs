namespace BubbleSync.Simulator.Generation;

/// <summary>A Bubble type that is generated: its display name and its fields besides the four that every type has.</summary>
internal sealed record Shape(Kind Kind, string Name, Field[] Fields)
{
    /// <summary>The type in URLs: lower case, no spaces.</summary>
    public string Url { get; } = UrlOf(Name);

    public static string UrlOf(string name) => name.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();
}
