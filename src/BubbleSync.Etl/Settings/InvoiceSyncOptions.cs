namespace BubbleSync.Etl.Settings;

/// <summary>How invoices are synced with all that belongs to them.</summary>
public sealed record InvoiceSyncOptions
{
    /// <summary>Whether Bubble's values win over local edits and over rows that are newer. Default false.</summary>
    public bool Force { get; init; }

    /// <summary>Whether users are left out. Default false.</summary>
    public bool SkipUsers { get; init; }

    /// <summary>Whether agents, and with them their logins, are left out. Default false.</summary>
    public bool SkipAgents { get; init; }
}
