using System.Diagnostics;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres.Failures;

namespace BubbleSync.Etl.Postgres;

/// <summary>Limits the sessions of a command. Without a free slot a caller waits.</summary>
internal sealed class SessionSlots : IDisposable
{
    // Besides windows: the run lock, two merges, the journal.
    private const int SlotsBesideWindows = 4;

    // The pause between two attempts at a full server. Others may end their sessions at any time.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongPause = TimeSpan.FromSeconds(10);

    // A window of the command itself may last as long as Bubble makes it wait.
    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim _free;
    private readonly Lock _lock = new();
    private int _most;
    private int _held;
    private int _lost;

    /// <summary>Sets up so many slots.</summary>
    public SessionSlots(int most)
    {
        _most = most;
        _free = new SemaphoreSlim(most);
        Windows = new PrioritySlots(ForWindows(most));
    }

    /// <summary>The most sessions at a time.</summary>
    public int Most => Volatile.Read(ref _most);

    /// <summary>The sessions that are open now.</summary>
    public int Held => Volatile.Read(ref _held);

    /// <summary>
    /// Slots for the windows that are read and staged, over all entities: each keeps a session. There are fewer of them than sessions, so that some always
    /// remain for other work.
    /// </summary>
    public PrioritySlots Windows { get; }

    /// <summary>Waits for a free slot and takes it; or after a while one that was lost, because the server may have room by now.</summary>
    public Task TakeAsync(CancellationToken cancellationToken) => TakeAsync(LongPause, cancellationToken);

    /// <summary>Gives back a slot in which no session was opened.</summary>
    public void GiveBack() => _free.Release();

    /// <summary>Counts the session that was opened in a slot.</summary>
    public void Opened() => Interlocked.Increment(ref _held);

    /// <summary>Gives back the slot of a session that has ended.</summary>
    public void Closed()
    {
        Interlocked.Decrement(ref _held);
        _free.Release();
    }

    /// <summary>Removes a slot that a caller has taken and does not give back.</summary>
    public void Lose()
    {
        lock (_lock)
            _most--;
    }

    /// <summary>Limits the number of slots from now on.</summary>
    public async Task LimitAsync(int sessions, CancellationToken cancellationToken)
    {
        for (; Most > sessions; Lose())
            await _free.WaitAsync(cancellationToken);
        Windows.LimitTo(ForWindows(Most));
    }

    /// <summary>
    /// Takes a slot and opens a session in it. Where the server gives none, because others have its last ones, it waits for a session of the command itself,
    /// as long as the command has enough of them to go on.
    /// </summary>
    /// <param name="open">Opens it, or gives the slot back and throws.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<TargetSession> OpenPatientlyAsync(Func<Task<TargetSession>> open, CancellationToken cancellationToken)
    {
        await TakeAsync(cancellationToken);
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await open();
            }
            catch (SyncException full) when (PoolerFault.IsNoSessionFree(full) && Held >= TargetDatabase.LeastConnections
                && Stopwatch.GetElapsedTime(began) < LongestPatience)
            {
                await TakeAfterRefusalAsync(cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _free.Dispose();

    // Removes one slot from now on.
    private async Task TakeAfterRefusalAsync(CancellationToken cancellationToken)
    {
        if (Most > Math.Max(Held, TargetDatabase.LeastConnections) && await _free.WaitAsync(TimeSpan.Zero, cancellationToken))
            Move(1);
        Windows.LimitTo(ForWindows(Most));
        await TakeAsync(Pause, cancellationToken);
    }

    private async Task TakeAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        while (!await _free.WaitAsync(pause, cancellationToken))
        {
            if (Move(-1))
                return;
        }
    }

    // Slots that are lost, or found again where there are lost ones.
    private bool Move(int lost)
    {
        lock (_lock)
        {
            if (_lost + lost < 0)
                return false;
            (_lost, _most) = (_lost + lost, _most - lost);
            return true;
        }
    }

    private static int ForWindows(int sessions) => Math.Max(1, sessions - SlotsBesideWindows);
}
