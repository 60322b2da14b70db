using System.Threading.Channels;
using BubbleSync.Server.Runs;

namespace BubbleSync.Server.Changes;

/// <summary>
/// Collects the changes of one app. Two seconds after the first, all are ordered together, one run for each entity. What comes while such a run waits or is
/// under way is collected for the next one.
/// </summary>
internal sealed class ChangeCollector(AppWorker worker, TimeProvider clock)
{
    private const int Most = OrderCheck.MostIds;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Channel<bool> _first = Channel.CreateBounded<bool>(1);
    private Dictionary<string, HashSet<string>> _waiting = [];
    private int _count;

    /// <summary>Notes a change; false where too many wait. A record that waits already counts once.</summary>
    public bool Add(string entity, string id)
    {
        lock (_lock)
        {
            if (!_waiting.TryGetValue(entity, out var ids))
                _waiting[entity] = ids = [];
            if (ids.Contains(id))
                return true;

            if (_count >= Most)
                return false;

            ids.Add(id);
            if (++_count == 1)
                _first.Writer.TryWrite(true);
            return true;
        }
    }

    /// <summary>Orders what is collected, again and again until it is stopped.</summary>
    public async Task WorkAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await _first.Reader.ReadAsync(cancellationToken);
                await Task.Delay(Window, clock, cancellationToken);
                var runs = Take().Select(Order).OfType<ServerRun>().ToList();
                await Task.WhenAll(runs.Select(run => run.Ended)).WaitAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The server ends. The next incremental sync reads what waits.
        }
    }

    private Dictionary<string, HashSet<string>> Take()
    {
        lock (_lock)
        {
            var taken = _waiting;
            (_waiting, _count) = ([], 0);
            return taken;
        }
    }

    // Where the queue is full, the next incremental sync reads the records.
    private ServerRun? Order(KeyValuePair<string, HashSet<string>> changed) =>
        worker.Submit(new RunOrder { Kind = SyncKind.Record, Entity = changed.Key, Ids = [.. changed.Value.Order(StringComparer.Ordinal)] }, null).Run;
}
