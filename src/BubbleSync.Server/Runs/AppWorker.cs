using System.Threading.Channels;
using BubbleSync.Etl;
using BubbleSync.Server.Apps;

namespace BubbleSync.Server.Runs;

/// <summary>Runs the orders of one app, one after the other. What ended is kept for a while, so that late watchers see its result.</summary>
internal sealed class AppWorker : IDisposable
{
    private const int MostQueued = 50;
    private const int MostEnded = 20;

    private readonly Lock _lock = new();
    private readonly Channel<ServerRun> _queue = Channel.CreateBounded<ServerRun>(MostQueued);
    private readonly LinkedList<ServerRun> _runs = [];
    private readonly IdempotencyKeys _keys = new();
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly OrderRunner _runner;
    private bool _isStopping;

    /// <summary>Makes the worker of an app.</summary>
    /// <param name="app">The app.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="loggers">Make the logs of the engine and of the worker.</param>
    public AppWorker(AppSettings app, TimeProvider clock, ILoggerFactory loggers)
    {
        (App, _clock, _logger) = (app, clock, loggers.CreateLogger<AppWorker>());
        Engine = new SyncEngine(app.Settings, clock, loggers.CreateLogger<SyncEngine>());
        _runner = new OrderRunner(Engine, clock);
    }

    /// <summary>The app.</summary>
    public AppSettings App { get; }

    /// <summary>The engine with the app's settings.</summary>
    public SyncEngine Engine { get; }

    /// <summary>Receives each run that ended.</summary>
    public event Action<ServerRun>? Ended;

    /// <summary>The runs that wait or are under way, in their order.</summary>
    public IReadOnlyList<ServerRun> Active
    {
        get
        {
            lock (_lock)
                return [.. _runs.Where(run => !run.View.HasEnded)];
        }
    }

    /// <summary>Returns a run that this worker remembers, or null.</summary>
    public ServerRun? Find(Guid id)
    {
        lock (_lock)
            return _runs.LastOrDefault(run => run.Id == id);
    }

    /// <summary>Takes an order. Of two equal orders only one runs at a time: the second one gets the run of the first.</summary>
    /// <param name="order">The order, checked.</param>
    /// <param name="key">Its idempotency key, or null.</param>
    public Submission Submit(RunOrder order, string? key)
    {
        lock (_lock)
        {
            var hash = order.ToHash();
            if (_keys.Find(key) is { } earlier)
                return earlier.OrderHash == hash ? new(SubmissionResult.Known, earlier.RunId, Find(earlier.RunId)) : new(SubmissionResult.KeyReused);

            if (_runs.FirstOrDefault(run => !run.View.HasEnded && !run.View.Stopping && run.OrderHash == hash) is { } same)
            {
                _keys.Add(key, same);
                return new(SubmissionResult.Known, same.Id, same);
            }

            if (_isStopping)
                return new(SubmissionResult.Stopping);

            // A resumed run keeps its id.
            var id = order is { Kind: SyncKind.Resync, Run: { } resumed } ? resumed : Guid.CreateVersion7(_clock.GetUtcNow());
#pragma warning disable CA2000 // It is disposed of when it is forgotten.
            var run = new ServerRun(id, App.Name, order, _clock);
#pragma warning restore CA2000
            if (!_queue.Writer.TryWrite(run))
            {
                run.Dispose();
                return new(SubmissionResult.QueueFull);
            }

            _keys.Add(key, run);
            _runs.AddLast(run);
            Forget();
            return new(SubmissionResult.Accepted, run.Id, run);
        }
    }

    /// <summary>Runs the orders until the worker is stopped.</summary>
    public async Task WorkAsync()
    {
        await foreach (var run in _queue.Reader.ReadAllAsync())
        {
            run.Start();
            _logger.RunBegins(App.Name, run.Order.Kind, run.Id);
            var outcome = await _runner.RunAsync(run);
            run.End(outcome);
            if (outcome.Unexpected is { } unexpected)
                _logger.RunBroke(unexpected, App.Name, run.Order.Kind, run.Id);
            _logger.RunEnded(App.Name, run.Order.Kind, run.Id, outcome.Phase);
            Ended?.Invoke(run);
        }
    }

    /// <summary>Takes no further order, and asks all runs to end in good order.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _isStopping = true;
            _queue.Writer.TryComplete();
        }

        foreach (var run in Active)
            run.Cancel();
    }

    /// <summary>Asks all runs to end at once.</summary>
    public void Abort()
    {
        foreach (var run in Active)
            run.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var run in _runs)
            run.Dispose();
    }

    private void Forget()
    {
        while (_runs.Count(run => run.View.HasEnded) > MostEnded)
        {
            var oldest = _runs.First(run => run.View.HasEnded);
            _runs.Remove(oldest);
            oldest.Dispose();
        }
    }
}
