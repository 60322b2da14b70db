using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Preflight;

/// <summary>The result of one check of the database.</summary>
/// <param name="Check">What was checked, as <c>doctor</c> names it.</param>
/// <param name="Message">What was found; where it is an obstacle, what to do.</param>
internal sealed record TargetFinding(string Check, string Message)
{
    /// <summary>Whether it is no obstacle.</summary>
    public bool IsOk { get; private init; } = true;

    /// <summary>The error with which a run stops; null where it is no obstacle, or one that a run meets only with some records.</summary>
    public SyncError? Error { get; private init; }

    /// <summary>An obstacle that stops a run.</summary>
    /// <param name="check">What was checked.</param>
    /// <param name="code">The code of the error.</param>
    /// <param name="entity">The entity; null for the whole database.</param>
    /// <param name="message">What is wrong, on what, and what to do.</param>
    public static TargetFinding Obstacle(string check, ErrorCode code, string? entity, string message) => new(check, message)
    {
        IsOk = false,
        Error = new SyncError(SyncStage.Plan, entity, null, null, code, entity is null ? message : $"{entity}: {message}"),
    };

    /// <summary>An obstacle for which a run stops with an error of its own.</summary>
    public static TargetFinding Obstacle(string check, SyncException stopped) => new(check, stopped.Message) { IsOk = false, Error = stopped.Errors[0] };

    /// <summary>A problem that stops no run.</summary>
    public static TargetFinding Risk(string check, string message) => new(check, message) { IsOk = false };

    /// <summary>Throws with all obstacles if there are some.</summary>
    public static void ThrowIfAny(IEnumerable<TargetFinding> findings)
    {
        if (findings.Select(f => f.Error).OfType<SyncError>().ToList() is { Count: > 0 } errors)
            throw new SyncException(errors);
    }
}
