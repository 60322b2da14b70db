namespace BubbleSync.Server.Page.Runs;

/// <summary>A row of a timeline.</summary>
/// <param name="Name">What it is about.</param>
/// <param name="Y">Its upper edge.</param>
/// <param name="Bars">Its stages.</param>
/// <param name="Ticks">The places of its windows.</param>
internal sealed record TimelineRow(string Name, int Y, IReadOnlyList<TimelineBar> Bars, IReadOnlyList<string> Ticks)
{
    /// <summary>When it began; null for the patches.</summary>
    public DateTimeOffset? BeganAt { get; init; }

    /// <summary>How long it was read.</summary>
    public TimeSpan Reading { get; init; }

    /// <summary>How long its merge took.</summary>
    public TimeSpan Merge { get; init; }

    /// <summary>The number of its windows.</summary>
    public long Windows { get; init; }

    /// <summary>The row in words.</summary>
    public required string Text { get; init; }
}

/// <summary>A stage in a row of a timeline.</summary>
/// <param name="Style">The name of its style.</param>
/// <param name="X">Where it begins.</param>
/// <param name="Length">How long it is.</param>
/// <param name="Title">The stage in words.</param>
internal sealed record TimelineBar(string Style, string X, string Length, string Title);
