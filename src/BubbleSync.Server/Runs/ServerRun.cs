using System.Runtime.CompilerServices;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Server.Runs;

/// <summary>A run of this server: ordered, under way or ended. Its progress is kept as the latest state only.</summary>
internal sealed class ServerRun(Guid id, string app, RunOrder order, TimeProvider clock) : IProgress<RunProgress>, IDisposable
{
    private readonly RunWatchers _watchers = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _drain = new();
    private readonly CancellationTokenSource _stop = new();
    private volatile RunView _view = new(id, app, order.Kind, RunPhase.Queued, clock.GetUtcNow(), null, null, null, false);

    /// <summary>Its id.</summary>
    public Guid Id => id;

    /// <summary>Its order.</summary>
    public RunOrder Order => order;

    /// <summary>The hash by which equal orders are known.</summary>
    public string OrderHash { get; } = order.ToHash();

    /// <summary>Its state now.</summary>
    public RunView View => _view;

    /// <summary>Its result; null until it has ended.</summary>
    public RunOutcome? Outcome { get; private set; }

    /// <summary>Ends when the run has ended; never fails.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Cancelled when the run should end in good order.</summary>
    public CancellationToken Drain => _drain.Token;

    /// <summary>Cancelled when the run should end at once.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Asks the run to end: in good order the first time, at once the second time.</summary>
    public void Cancel()
    {
        if (_view.HasEnded)
            return;

        (_drain.IsCancellationRequested ? _stop : _drain).Cancel();
        Change(view => view with { Stopping = true });
    }

    /// <summary>Notes that the run begins.</summary>
    public void Start() => Change(view => view with { Status = RunPhase.Running, StartedAt = clock.GetUtcNow() });

    /// <inheritdoc/>
    public void Report(RunProgress value) => Change(view => view with { Progress = value });

    /// <summary>Notes how the run ended.</summary>
    public void End(RunOutcome outcome)
    {
        Outcome = outcome;
        Change(view => view with { Status = outcome.Phase, FinishedAt = clock.GetUtcNow() });
        _ended.TrySetResult();
    }

    /// <summary>Gives the state now, and each later one as it comes, until the run has ended.</summary>
    public async IAsyncEnumerable<RunView> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = _watchers.Add(() => _view);
        try
        {
            await foreach (var view in channel.Reader.ReadAllAsync(cancellationToken))
                yield return view;
        }
        finally
        {
            _watchers.Remove(channel);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _drain.Dispose();
        _stop.Dispose();
    }

    // Progress comes from a timer of the run, the rest from other threads; what ended stays so.
    private void Change(Func<RunView, RunView> change)
    {
        lock (_watchers)
        {
            if (_view.HasEnded)
                return;

            _view = change(_view);
            _watchers.Report(_view);
        }
    }
}
