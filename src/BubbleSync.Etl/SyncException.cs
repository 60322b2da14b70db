using BubbleSync.Etl.Words;

namespace BubbleSync.Etl;

/// <summary>A run, or a command, that had to stop: one or more errors, each saying what failed and how to fix it.</summary>
public sealed class SyncException : Exception
{
    /// <summary>Stops with one error.</summary>
    public SyncException(SyncError error, Exception? innerException = null)
        : this([error], innerException)
    {
    }

    /// <summary>Stops with all the errors that were found; there is at least one.</summary>
    public SyncException(IReadOnlyList<SyncError> errors, Exception? innerException = null)
        : base(string.Join(Environment.NewLine, errors.Select(e => e.Message)), innerException) => Errors = errors;

    /// <summary>What went wrong, at least one.</summary>
    public IReadOnlyList<SyncError> Errors { get; }

    /// <summary>Whether the same call may well succeed a little later.</summary>
    public bool IsTransient { get; init; }

    /// <summary>Whether settings or usage are at fault (exit code 2) rather than source, target or a check (exit code 3).</summary>
    public bool IsUsage => Errors[0].Stage == SyncStage.Settings;
}
