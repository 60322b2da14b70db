namespace BubbleSync.Etl.Settings;

/// <summary>What the status of the mirror covers.</summary>
public sealed record StatusOptions
{
    /// <summary>The entities; none for all.</summary>
    public IReadOnlyList<string> Entities { get; init; } = [];

    /// <summary>Whether Bubble is not asked, so that no records are counted there. Default false: one request for each entity.</summary>
    public bool Offline { get; init; }

    /// <summary>The age from which a watermark needs a hand. Default null: none does, and one of more than a day is worth a look.</summary>
    public TimeSpan? MaxAge { get; init; }
}
