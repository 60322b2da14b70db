namespace BubbleSync.Etl.Messages;

/// <summary>A limit for parallel work: without a free slot a caller waits, and callers of the lowest rank go first.</summary>
internal sealed class PrioritySlots(int most)
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCompletionSource, (int Rank, long Turn)> _waiting = new();
    private int _most = most;
    private int _taken;
    private long _turn;

    /// <summary>Slots that are taken now.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>Waits for a slot; always call <see cref="Leave"/> afterwards.</summary>
    /// <param name="rank">Lower goes first.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task EnterAsync(int rank, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource slot;
        lock (_lock)
        {
            if (_taken < _most)
            {
                _taken++;
                return;
            }

            slot = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(slot, (rank, _turn++));
        }

        await using var giveUp = cancellationToken.Register(() => slot.TrySetCanceled(cancellationToken));
        await slot.Task;
    }

    /// <summary>Has no more than so many slots from now on; who has one keeps it.</summary>
    public void LimitTo(int fewer)
    {
        lock (_lock)
            _most = Math.Min(_most, fewer);
    }

    /// <summary>Gives the slot to the next in line.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            while (_taken <= _most && _waiting.TryDequeue(out var next, out _))
            {
                if (next.TrySetResult())
                    return;
            }

            _taken--;
        }
    }
}
