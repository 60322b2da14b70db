using System.Collections.Concurrent;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>Writes what a committed window leaves behind, inside the transaction that holds its rows.</summary>
internal delegate Task WriteCheckpoint(NpgsqlConnection connection, ReadingEnded end, long rowsStaged, CancellationToken cancellationToken);

/// <summary>
/// Takes mapped pages into staging. A reading of a window is one transaction: its rows and its checkpoint appear together or not at all,
/// so that staging always holds exactly the windows that count, whenever the process dies.
/// </summary>
internal sealed class StagingWriter(TargetDatabase database, StagingTable table, WriteCheckpoint checkpoint) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<WindowReading, OpenReading> _open = new();
    private long _staged;

    /// <summary>Records staged so far, those without a usable id included.</summary>
    public long Staged => Interlocked.Read(ref _staged);

    /// <summary>Takes one page or the end of a reading; pages and end of a reading may come in any order.</summary>
    public async Task WriteAsync(Reading reading, CancellationToken cancellationToken)
    {
        var open = _open.GetOrAdd(reading.Of, _ => new OpenReading(database, table));
        await open.Turn.WaitAsync(cancellationToken);
        try
        {
            if (reading is PageMapped mapped)
                await open.AddAsync(mapped.Batch, cancellationToken);
            else if (reading is ReadingEnded end)
                open.End = end;

            if (open.IsComplete)
                await CloseAsync(reading.Of, open, cancellationToken);
        }
        finally
        {
            open.Turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var open in _open.Values)
            await open.DisposeAsync();
        _open.Clear();
    }

    private async Task CloseAsync(WindowReading reading, OpenReading open, CancellationToken cancellationToken)
    {
        if (open.End!.Verdict.Outcome != Outcome.Discarded)
            Interlocked.Add(ref _staged, await open.CommitAsync(checkpoint, cancellationToken));
        _open.TryRemove(reading, out _);
        await open.DisposeAsync();
    }
}
