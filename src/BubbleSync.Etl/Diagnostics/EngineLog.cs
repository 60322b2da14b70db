using Microsoft.Extensions.Logging;

namespace BubbleSync.Etl.Diagnostics;

/// <summary>What the engine logs. Names, ids and numbers; never a field's value, never a secret.</summary>
internal static partial class EngineLog
{
    /// <summary>The id of the event that begins a wait of more than ten seconds.</summary>
    public const int WaitEvent = 53;

    /// <summary>The id of the event that a run was asked to stop.</summary>
    public const int StopEvent = 54;

    /// <summary>A run began.</summary>
    [LoggerMessage(1, LogLevel.Information, "Run {RunId} began: {Kind} into schema {Schema}")]
    public static partial void RunBegan(this ILogger logger, Guid runId, string kind, string schema);

    /// <summary>A run ended.</summary>
    [LoggerMessage(2, LogLevel.Information, "Run {RunId} ended: {Status}, {Records} records in {DurationMs} ms, {Calls} calls, {Retries} retries, "
        + "{Throttled} throttled")]
    public static partial void RunEnded(
        this ILogger logger, Guid runId, string status, long records, long durationMs, long calls, long retries, long throttled);

    /// <summary>A window's rows are staged.</summary>
    [LoggerMessage(10, LogLevel.Debug, "{Entity}: {Window}: {Rows} rows staged at attempt {Attempt}, {Outcome}")]
    public static partial void WindowStaged(this ILogger logger, string entity, string window, long rows, int attempt, string outcome);

    /// <summary>Something worth knowing, as the activity log has it.</summary>
    [LoggerMessage(40, LogLevel.Information, "{Stage}: {Text}")]
    public static partial void Noted(this ILogger logger, string stage, string text);

    /// <summary>A warning, as the activity log has it.</summary>
    [LoggerMessage(41, LogLevel.Warning, "{Stage}: {Text}")]
    public static partial void Warned(this ILogger logger, string stage, string text);

    /// <summary>An error, as the activity log has it.</summary>
    [LoggerMessage(42, LogLevel.Error, "{Stage}: {Text}")]
    public static partial void Failed(this ILogger logger, string stage, string text);

    /// <summary>The host's receiver of progress failed and is not called again.</summary>
    [LoggerMessage(43, LogLevel.Warning, "Progress cannot be reported any more: {Reason}")]
    public static partial void ProgressFailed(this ILogger logger, string reason);

    /// <summary>A request is sent again.</summary>
    [LoggerMessage(50, LogLevel.Warning, "{Entity}: attempt {Attempt} failed, the next in {DelayMs} ms: {Reason}")]
    public static partial void Retried(this ILogger logger, string entity, int attempt, long delayMs, string reason);

    /// <summary>The throttle slowed down.</summary>
    [LoggerMessage(51, LogLevel.Warning, "{Entity}: Bubble asks to slow down ({Status}); {PerMinute} requests a minute from now on")]
    public static partial void SlowedDown(this ILogger logger, string entity, int status, double perMinute);

    /// <summary>A request was answered.</summary>
    [LoggerMessage(52, LogLevel.Debug, "{Entity}: answered {Status} in {DurationMs} ms")]
    public static partial void Answered(this ILogger logger, string entity, int status, long durationMs);

    /// <summary>A wait of more than ten seconds began.</summary>
    [LoggerMessage(WaitEvent, LogLevel.Warning, "{Wait}")]
    public static partial void Waits(this ILogger logger, string wait);

    /// <summary>A run was asked to stop; the numbers are in words, such as <c>1 window</c>.</summary>
    [LoggerMessage(StopEvent, LogLevel.Warning, "The run was asked to stop. It first ends {Windows} and {Merges}. Reading ends within {Seconds} seconds, "
        + "merges take as long as they need")]
    public static partial void Stops(this ILogger logger, string windows, string merges, double seconds);
}
