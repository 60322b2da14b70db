using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Bubble.Throttling;

/// <summary>Counts requests and received bytes. Thread-safe.</summary>
/// <param name="mostCalls">Requests that may be sent, or null for any number.</param>
/// <param name="nextStep">What finishes the run if it has to stop.</param>
internal sealed class ApiMeter(long? mostCalls = null, string nextStep = NextStep.Again)
{
    private long _calls;
    private long _retries;
    private long _throttled;
    private long _bytes;

    /// <summary>What finishes the run if it has to stop.</summary>
    public string NextStep => nextStep;

    /// <summary>The counts so far.</summary>
    public ApiCounts Counts =>
        new(Interlocked.Read(ref _calls), Interlocked.Read(ref _retries), Interlocked.Read(ref _throttled), Interlocked.Read(ref _bytes));

    /// <summary>Counts a request that is sent.</summary>
    /// <param name="isRetry">Whether it was sent before.</param>
    /// <exception cref="SyncException">The run has sent all it may.</exception>
    public void Send(bool isRetry)
    {
        if (Interlocked.Increment(ref _calls) > mostCalls)
        {
            Interlocked.Decrement(ref _calls);
            throw new SyncException(new SyncError(SyncStage.Extract, null, null, null, ErrorCode.CallBudget,
                Invariant($"The run has sent all {mostCalls} {(mostCalls == 1 ? "call" : "calls")} of its budget; nothing more is merged. ")
                + $"To finish, raise the budget and {nextStep}."));
        }

        if (isRetry)
            Interlocked.Increment(ref _retries);
    }

    /// <summary>Counts an answer 429 or 503.</summary>
    public void Throttled() => Interlocked.Increment(ref _throttled);

    /// <summary>Counts received bytes of a body, uncompressed.</summary>
    public void Received(int bytes)
    {
        Interlocked.Add(ref _bytes, bytes);
        EtlDiagnostics.Bytes.Count(bytes);
    }
}
