namespace BubbleSync.Etl.Settings;

/// <summary>The options for a sync of invoices with their related records.</summary>
public sealed record InvoiceSyncOptions
{
    /// <summary>Whether Bubble's values win over local edits and over rows that are newer. Default false.</summary>
    public bool Force { get; init; }

    /// <summary>Whether users are left out. Default false.</summary>
    public bool SkipUsers { get; init; }

    /// <summary>Whether agents, and with them their logins, are left out. Default false.</summary>
    public bool SkipAgents { get; init; }
}
