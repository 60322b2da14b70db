using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using BubbleSync.Etl.Messages;

namespace BubbleSync.Etl.Pipeline;

/// <summary>
/// The readings of one pass that are not staged yet. Each keeps a session of the database, so a window takes one of the slots that all entities share before
/// it is read, and keeps it until its last reading is staged. Only who has a slot reads, so that no page and no session waits for a slot.
/// </summary>
/// <param name="slots">The slots.</param>
/// <param name="abandon">Rolls back a reading that will not end.</param>
internal sealed class WindowSlotHolder(PrioritySlots slots, Func<WindowReading, ValueTask> abandon)
{
    private readonly ConcurrentDictionary<WindowReading, OpenReading> _open = new();

    /// <summary>Passes a window's readings on, one after the other: the next begins once the last is staged and has given its session back.</summary>
    /// <param name="readings">What is read.</param>
    /// <param name="rank">The rank of its windows: the lowest goes first.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async IAsyncEnumerable<Reading> PassAsync(
        IAsyncEnumerable<Reading> readings, int rank, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await slots.EnterAsync(rank, cancellationToken);
        OpenReading? last = null;
        try
        {
            await foreach (var reading in readings.WithCancellation(cancellationToken))
            {
                if (reading.Of != last?.Of)
                    last = await FollowAsync(last, reading, cancellationToken);
                yield return reading;
            }
        }
        finally
        {
            if (last is null)
                slots.Leave();
            else
                last.LeaveOnceStaged(slots);
        }
    }

    /// <summary>Counts a message that is staged.</summary>
    public void Count(Reading reading)
    {
        if (_open.TryGetValue(reading.Of, out var open) && open.Count(reading))
            _open.TryRemove(reading.Of, out _);
    }

    /// <summary>Rolls back what a pass that failed leaves open; nothing of the pass goes on by then.</summary>
    public async ValueTask AbandonAsync()
    {
        foreach (var open in _open.Values)
        {
            await abandon(open.Of);
            open.Close();
        }

        _open.Clear();
    }

    private async Task<OpenReading> FollowAsync(OpenReading? last, Reading first, CancellationToken cancellationToken)
    {
        try
        {
            await (last?.Staged ?? Task.CompletedTask).WaitAsync(cancellationToken);
        }
        catch
        {
            first.Dispose();
            throw;
        }

        return _open[first.Of] = new OpenReading(first.Of);
    }

    /// <summary>What of a reading is staged.</summary>
    private sealed class OpenReading(WindowReading of)
    {
        private readonly TaskCompletionSource _staged = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _lock = new();
        private PrioritySlots? _slots;
        private int? _pages;
        private int _counted;

        public WindowReading Of => of;

        public Task Staged => _staged.Task;

        /// <summary>Counts a message; returns whether it was the last.</summary>
        public bool Count(Reading reading)
        {
            lock (_lock)
            {
                _pages = (reading as ReadingEnded)?.Pages ?? _pages;
                _counted += reading is ReadingEnded ? 0 : 1;
                if (_counted != _pages)
                    return false;
            }

            Close();
            return true;
        }

        public void Close()
        {
            lock (_lock)
            {
                if (_staged.TrySetResult())
                    _slots?.Leave();
            }
        }

        public void LeaveOnceStaged(PrioritySlots slots)
        {
            lock (_lock)
            {
                if (_staged.Task.IsCompleted)
                    slots.Leave();
                else
                    _slots = slots;
            }
        }
    }
}
