using BubbleSync.Server.Runs;

namespace BubbleSync.Server;

/// <summary>What the server logs: names and numbers, never a field's value or a secret.</summary>
internal static partial class ServerLog
{
    /// <summary>A run begins.</summary>
    [LoggerMessage(1, LogLevel.Information, "{App}: {Kind} {RunId} begins")]
    public static partial void RunBegins(this ILogger logger, string app, SyncKind kind, Guid runId);

    /// <summary>A run has ended.</summary>
    [LoggerMessage(2, LogLevel.Information, "{App}: {Kind} {RunId} ended: {Phase}")]
    public static partial void RunEnded(this ILogger logger, string app, SyncKind kind, Guid runId, RunPhase phase);

    /// <summary>A run stopped by an error that was not expected.</summary>
    [LoggerMessage(3, LogLevel.Error, "{App}: {Kind} {RunId} stopped by an unexpected error")]
    public static partial void RunBroke(this ILogger logger, Exception unexpected, string app, SyncKind kind, Guid runId);

    /// <summary>A resync is resumed.</summary>
    [LoggerMessage(4, LogLevel.Information, "{App}: resync {RunId} ended unexpectedly and is resumed")]
    public static partial void Resumed(this ILogger logger, string app, Guid runId);

    /// <summary>The history cannot be read.</summary>
    [LoggerMessage(5, LogLevel.Warning, "{App}: the history of runs cannot be read, so that {Consequence}: {Reason}")]
    public static partial void HistoryUnreadable(this ILogger logger, string app, string consequence, string reason);

    /// <summary>A schedule could not start its run.</summary>
    [LoggerMessage(6, LogLevel.Warning, "{App}: the {Kind} of {Due:O} was not started ({Result}); the next one makes it up")]
    public static partial void NotStarted(this ILogger logger, string app, SyncKind kind, DateTimeOffset due, SubmissionResult result);

    /// <summary>A notice could not be sent.</summary>
    [LoggerMessage(7, LogLevel.Warning, "{App}: the notice could not be sent to {Host}: {Reason}")]
    public static partial void NotSent(this ILogger logger, string app, string host, string reason);

    /// <summary>The watermarks cannot be read.</summary>
    [LoggerMessage(8, LogLevel.Warning, "{App}: the watermarks cannot be read: {Reason}")]
    public static partial void WatermarksUnreadable(this ILogger logger, string app, string reason);
}
