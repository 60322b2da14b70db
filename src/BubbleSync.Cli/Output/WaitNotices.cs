using BubbleSync.Etl;
using Microsoft.Extensions.Logging;

namespace BubbleSync.Cli.Output;

/// <summary>Writes to stderr that nothing is sent for a while, once for each wait, and nothing else of the log.</summary>
internal sealed class WaitNotices : ILogger
{
    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        // By the console that draws the progress, which puts the line above it.
        if (eventId.Id == SyncEngine.WaitEvent)
            Terminal.Error.Write(new Notice($"{formatter(state, exception)}."));
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;
}
