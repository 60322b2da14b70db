using System.Collections.Concurrent;
using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Staging;

/// <summary>Writes the checkpoint of a window, in the transaction that stages its rows.</summary>
internal delegate Task WriteCheckpoint(NpgsqlConnection connection, ReadingEnded end, StagedTotal staged, CancellationToken cancellationToken);

/// <summary>What was staged.</summary>
/// <param name="Records">How many records, those without a usable id included.</param>
/// <param name="Checksum">The sum of the rows' checksums.</param>
internal readonly record struct StagedTotal(long Records, ulong Checksum)
{
    /// <summary>Both together.</summary>
    public static StagedTotal operator +(StagedTotal a, StagedTotal b) => new(a.Records + b.Records, unchecked(a.Checksum + b.Checksum));

    /// <summary>The first without the second.</summary>
    public static StagedTotal operator -(StagedTotal a, StagedTotal b) => new(a.Records - b.Records, unchecked(a.Checksum - b.Checksum));
}

/// <summary>
/// Writes mapped pages to staging. A reading of a window is one transaction: its rows and its checkpoint appear together or not at all, so that staging always
/// has exactly the accepted windows, whenever the process ends.
/// </summary>
internal sealed class StagingWriter(TargetDatabase database, StagingTable table, WriteCheckpoint checkpoint) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<WindowReading, WindowTransaction> _open = new();
    private readonly Lock _lock = new();
    private StagedTotal _staged;
    private Task? _making;

    /// <summary>What is staged so far.</summary>
    public StagedTotal Staged
    {
        get
        {
            lock (_lock)
                return _staged;
        }
    }

    /// <summary>Counts what is staged: by this writer, or by an earlier attempt at the same run.</summary>
    public void Add(StagedTotal staged)
    {
        lock (_lock)
            _staged += staged;
    }

    /// <summary>Makes the tables, once.</summary>
    public Task MakeAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return table.IsMade
                ? Task.CompletedTask
                : _making ??= database.RunAsync(c => StagingTable.MakeAsync(c, [table], cancellationToken), cancellationToken);
        }
    }

    /// <summary>Takes one page or the end of a reading; pages and end of a reading may come in any order.</summary>
    public async Task WriteAsync(Reading reading, CancellationToken cancellationToken)
    {
        if (reading is PageMapped)
            await MakeAsync(cancellationToken);
        var open = _open.GetOrAdd(reading.Of, _ => new WindowTransaction(database, table));
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

    /// <summary>Rolls back a reading that will not be completed, and releases its session.</summary>
    public async ValueTask AbandonAsync(WindowReading reading)
    {
        if (_open.TryRemove(reading, out var open))
            await open.DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var open in _open.Values)
            await open.DisposeAsync();
        _open.Clear();
    }

    private async Task CloseAsync(WindowReading reading, WindowTransaction open, CancellationToken cancellationToken)
    {
        using var span = EtlDiagnostics.Begin(
            "window", ("entity", table.Plan.Name), ("window", reading.Window), ("attempt", reading.Attempt), ("outcome", open.End!.ReadingResult.Outcome));
        span?.SetStartTime(open.BeganAt);
        if (open.End!.ReadingResult.Outcome != Outcome.Discarded)
            Add(await open.CommitAsync(checkpoint, cancellationToken));
        _open.TryRemove(reading, out _);
        await open.DisposeAsync();
    }
}
