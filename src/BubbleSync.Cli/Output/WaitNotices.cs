using BubbleSync.Etl;
using Microsoft.Extensions.Logging;

namespace BubbleSync.Cli.Output;

/// <summary>Writes each wait in the log to stderr, and no other line.</summary>
internal sealed class WaitNotices : ILogger<SyncEngine>
{
    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        // The console that draws the progress writes the line above it.
        if (eventId.Id == SyncEngine.WaitEvent)
            Terminal.Error.Write(new Notice($"{formatter(state, exception)}."));
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;
}
