namespace BubbleSync.Etl.Settings;

/// <summary>The options of <see cref="SyncEngine.ScaffoldAsync"/>.</summary>
public sealed record ScaffoldOptions
{
    /// <summary>The Bubble types, by any spelling. Default none: then <see cref="All"/> must be said.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    /// <summary>Whether all types are meant that the Data API serves and no map names. Default false.</summary>
    public bool All { get; init; }

    /// <summary>Whether nothing is written. Default false.</summary>
    public bool DryRun { get; init; }
}
