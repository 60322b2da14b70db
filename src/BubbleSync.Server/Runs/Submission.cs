namespace BubbleSync.Server.Runs;

/// <summary>What became of an order.</summary>
/// <param name="Answer">Whether it was accepted.</param>
/// <param name="RunId">Its run; null where it was refused.</param>
/// <param name="Run">The same, if the server still remembers it.</param>
internal sealed record Submission(SubmissionResult Answer, Guid? RunId = null, ServerRun? Run = null);

/// <summary>Whether an order was accepted.</summary>
internal enum SubmissionResult
{
    /// <summary>A new run waits or begins.</summary>
    Accepted,

    /// <summary>The same order is waiting or under way already, or came with the same idempotency key: its run counts.</summary>
    Known,

    /// <summary>Another order came with the same idempotency key.</summary>
    KeyReused,

    /// <summary>Too many orders wait.</summary>
    QueueFull,

    /// <summary>The server is ending.</summary>
    Stopping,
}
