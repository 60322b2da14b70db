using System.Data;
using System.Diagnostics;
using System.Text;
using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Staging;

/// <summary>One reading that is being staged: rows are collected up to a limit, then sent by COPY in the reading's own transaction.</summary>
internal sealed class WindowTransaction(TargetDatabase database, StagingTable table) : IAsyncDisposable
{
    private const int MostGathered = 512 * 1024;
    private const int MostRejects = 100;

    private readonly CopyBuffer _rows = new();
    private readonly CopyBuffer _raw = new(16);
    private readonly List<Reject> _rejects = [];
    private long _rejected;
    private TargetSession? _session;
    private int _pages;
    private StagedTotal _staged;

    /// <summary>One writer at a time. It is never disposed of: a waiting writer must still be able to see that it is closed.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    /// <summary>The time of its first page, as activities measure time.</summary>
    public DateTime BeganAt { get; } = TimeProvider.System.GetUtcNow().UtcDateTime;

    /// <summary>The end of the reading, once it is received.</summary>
    public ReadingEnded? End { get; set; }

    /// <summary>Whether the end and all pages are there.</summary>
    public bool IsComplete => End is { } end && _pages == end.Pages;

    /// <summary>Takes a page's rows and disposes of them.</summary>
    public async Task AddAsync(RowBatch batch, CancellationToken cancellationToken)
    {
        using (batch)
        {
            _pages++;
            _staged += new StagedTotal(batch.Records, batch.Checksum);
            _rejects.AddRange(batch.Rejects);
            _rejected += batch.Rejects.Sum(r => r.Raw.Length);
            if (batch.Rows.Length + (batch.Raw?.Length ?? 0) > MostGathered)
                await CopyAsync(batch.Rows, batch.Raw, cancellationToken);
            else
                Gather(batch);
            if (_rows.Length + _raw.Length > MostGathered || _rejects.Count > MostRejects || _rejected > MostGathered)
                await FlushAsync(cancellationToken);
        }
    }

    /// <summary>Commits rows and checkpoint together; returns what was staged.</summary>
    public async Task<StagedTotal> CommitAsync(WriteCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        await checkpoint(await ConnectionAsync(cancellationToken), End!, _staged, cancellationToken);
        await _session!.CommitAsync(cancellationToken);
        return _staged;
    }

    /// <summary>Rolls back what was not committed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_session is not null)
            await _session.DisposeAsync();
        _rows.Dispose();
        _raw.Dispose();
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        await CopyAsync(_rows, _raw, cancellationToken);
        _rows.Rewind(0);
        _raw.Rewind(0);

        if (_rejects.Count > 0)
            await CopyRejectsAsync(cancellationToken);
        _rejects.Clear();
        _rejected = 0;
    }

    // Each carries its whole record: a buffer for all of them would be as large as their pages.
    private async Task CopyRejectsAsync(CancellationToken cancellationToken)
    {
        using var rows = new CopyBuffer();
        foreach (var reject in _rejects)
        {
            Encode(reject, rows);
            if (rows.Length > MostGathered)
            {
                await CopyAsync(table.CopyRejects, rows, cancellationToken);
                rows.Rewind(0);
            }
        }

        if (rows.Length > 0)
            await CopyAsync(table.CopyRejects, rows, cancellationToken);
    }

    // Small pages share a COPY; a large one needs no copy of itself.
    private void Gather(RowBatch batch)
    {
        _rows.WriteBytes(batch.Rows.Written.Span);
        if (batch.Raw is { } raw)
            _raw.WriteBytes(raw.Written.Span);
    }

    private async Task CopyAsync(CopyBuffer rows, CopyBuffer? raw, CancellationToken cancellationToken)
    {
        if (rows.Length > 0)
            await CopyAsync(table.Copy, rows, cancellationToken);
        if (raw?.Length > 0)
            await CopyAsync(table.CopyRaw, raw, cancellationToken);
    }

    private async Task CopyAsync(string sql, CopyBuffer rows, CancellationToken cancellationToken)
    {
        var connection = await ConnectionAsync(cancellationToken);
        var began = Stopwatch.GetTimestamp();
        using var span = EtlDiagnostics.Begin("copy", ("entity", table.Plan.Name), ("bytes", rows.Length));
        await connection.CopyAsync(sql, rows, cancellationToken);
        EtlDiagnostics.StageDuration.Took(began, EtlDiagnostics.Tag("stage", "copy"), EtlDiagnostics.Tag("entity", table.Plan.Name));
    }

    private async Task<NpgsqlConnection> ConnectionAsync(CancellationToken cancellationToken)
    {
        _session ??= await database.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
        return _session.Connection;
    }

    private static void Encode(Reject reject, CopyBuffer rows)
    {
        rows.StartRow(5);
        WriteText(rows, reject.BubbleId);
        rows.WriteInt64Field(reject.Order);
        WriteText(rows, reject.Field);
        WriteText(rows, reject.Reason);
        WriteText(rows, reject.Raw);
    }

    private static void WriteText(CopyBuffer rows, string? text)
    {
        if (text is null)
        {
            rows.WriteNull();
            return;
        }

        var place = rows.StartField();
        rows.Advance(Encoding.UTF8.GetBytes(text, rows.Room(Encoding.UTF8.GetByteCount(text))));
        rows.EndField(place);
    }
}
