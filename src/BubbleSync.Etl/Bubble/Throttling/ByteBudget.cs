namespace BubbleSync.Etl.Bubble.Throttling;

/// <summary>
/// Bounds the bytes of pages that are read and not yet staged, all entities together: first come, first served. The size of a page is known only once it is
/// read, so a request reserves what it expects and the reservation grows with the body. If nothing is left, one page at a time may grow beyond the bound:
/// so no two pages wait for each other, and a page larger than the bound is still read. At any time the bound is exceeded by that one page at most.
/// </summary>
internal sealed class ByteBudget(long limit)
{
    private readonly Lock _lock = new();
    private readonly Queue<Waiter> _growing = new();
    private readonly Queue<Waiter> _entering = new();
    private ByteReservation? _beyond;
    private long _used;
    private long _peak;

    /// <summary>Bytes reserved now.</summary>
    public long Used
    {
        get
        {
            lock (_lock)
                return _used;
        }
    }

    /// <summary>The most bytes that were reserved at once.</summary>
    public long Peak
    {
        get
        {
            lock (_lock)
                return _peak;
        }
    }

    /// <summary>Reserves bytes for a page, at most the whole budget; waits until they are free.</summary>
    public async Task<ByteReservation> ReserveAsync(long bytes, CancellationToken cancellationToken)
    {
        var reservation = new ByteReservation(this);
        await WaitAsync(_entering, new Waiter(reservation, Math.Clamp(bytes, 1, limit)), cancellationToken);
        return reservation;
    }

    /// <summary>Adds bytes to a reservation if that needs no wait; else returns false.</summary>
    internal bool TryGrow(ByteReservation reservation, long bytes)
    {
        lock (_lock)
            return (_growing.Count == 0 || _beyond == reservation) && TryGive(new Waiter(reservation, bytes));
    }

    /// <summary>Adds bytes to a reservation; waits until they are free, or no other page is beyond the bound.</summary>
    internal Task GrowAsync(ByteReservation reservation, long bytes, CancellationToken cancellationToken) =>
        WaitAsync(_growing, new Waiter(reservation, bytes), cancellationToken);

    /// <summary>Releases a reservation's bytes except the rest.</summary>
    internal void Shrink(ByteReservation reservation, long rest)
    {
        lock (_lock)
        {
            var bytes = Math.Max(0, reservation.Bytes - rest);
            _used -= bytes;
            reservation.Bytes -= bytes;
            if (reservation == _beyond && (reservation.Bytes == 0 || _used <= limit))
                _beyond = null;
            Serve();
        }
    }

    private async Task WaitAsync(Queue<Waiter> queue, Waiter waiter, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            queue.Enqueue(waiter);
            Serve();
        }

        await using var giveUp = cancellationToken.Register(() => GiveUp(waiter, cancellationToken));
        await waiter.Given.Task;
    }

    // The others may wait behind the first one.
    private void GiveUp(Waiter waiter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            waiter.Given.TrySetCanceled(cancellationToken);
            Serve();
        }
    }

    // A page that is being read goes before one that is not: it holds bytes until it is staged.
    private void Serve()
    {
        while (_growing.TryPeek(out var next) && (next.Given.Task.IsCompleted || TryGive(next)))
            _growing.Dequeue();
        while (_growing.Count == 0 && _entering.TryPeek(out var next) && (next.Given.Task.IsCompleted || TryGive(next)))
            _entering.Dequeue();
    }

    private bool TryGive(Waiter waiter)
    {
        var (reservation, bytes) = (waiter.Reservation, waiter.Bytes);
        if (_used + bytes > limit)
        {
            if (reservation.Bytes == 0 || (_beyond is not null && _beyond != reservation))
                return false;

            _beyond = reservation;
        }

        _used += bytes;
        _peak = Math.Max(_peak, _used);
        reservation.Bytes += bytes;
        waiter.Given.SetResult();
        return true;
    }

    private sealed record Waiter(ByteReservation Reservation, long Bytes)
    {
        public TaskCompletionSource Given { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>The bytes of one page; disposed of once the page is staged or dropped.</summary>
internal sealed class ByteReservation(ByteBudget budget) : IDisposable
{
    /// <summary>How many bytes are reserved.</summary>
    public long Bytes { get; internal set; }

    /// <summary>Adds bytes if that needs no wait; else returns false.</summary>
    public bool TryGrow(long bytes) => budget.TryGrow(this, bytes);

    /// <summary>Adds bytes once they are free.</summary>
    public Task GrowAsync(long bytes, CancellationToken cancellationToken) => budget.GrowAsync(this, bytes, cancellationToken);

    /// <summary>Keeps only as many bytes as the page has.</summary>
    public void Shrink(long bytes) => budget.Shrink(this, bytes);

    /// <inheritdoc/>
    public void Dispose() => budget.Shrink(this, 0);
}
