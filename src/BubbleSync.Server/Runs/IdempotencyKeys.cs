namespace BubbleSync.Server.Runs;

/// <summary>The keys of earlier orders, each with its run; the latest thousand. Of an order only its hash is kept.</summary>
internal sealed class IdempotencyKeys
{
    private const int Most = 1000;

    private readonly Dictionary<string, (Guid RunId, string OrderHash)> _runs = [];
    private readonly Queue<string> _order = [];

    /// <summary>Returns the run of a key and the hash of its order, or null.</summary>
    public (Guid RunId, string OrderHash)? Find(string? key) => key is not null && _runs.TryGetValue(key, out var known) ? known : null;

    /// <summary>Notes the run of a key.</summary>
    public void Add(string? key, ServerRun run)
    {
        if (key is null || !_runs.TryAdd(key, (run.Id, run.OrderHash)))
            return;

        _order.Enqueue(key);
        if (_order.Count > Most)
            _runs.Remove(_order.Dequeue());
    }
}
