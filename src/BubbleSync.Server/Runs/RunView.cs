using BubbleSync.Etl.Reports;

namespace BubbleSync.Server.Runs;

/// <summary>A run as it is now.</summary>
/// <param name="RunId">Its id.</param>
/// <param name="App">Its app.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Status">Its state.</param>
/// <param name="QueuedAt">When it was ordered.</param>
/// <param name="StartedAt">When it began; null while it waits.</param>
/// <param name="FinishedAt">When it ended; null until then.</param>
/// <param name="Progress">Its latest progress; null before there is one.</param>
/// <param name="Stopping">Whether it was asked to stop.</param>
internal sealed record RunView(
    Guid RunId, string App, SyncKind Kind, RunPhase Status, DateTimeOffset QueuedAt, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt,
    RunProgress? Progress, bool Stopping)
{
    /// <summary>Whether the run has ended.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool HasEnded => Status > RunPhase.Running;
}
