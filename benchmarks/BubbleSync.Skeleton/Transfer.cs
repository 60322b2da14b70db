using System.Buffers;
using Npgsql;

namespace BubbleSync.Skeleton;

/// <summary>One type on its way: pages into one COPY, and when the last one is in, the merge.</summary>
internal sealed class Transfer
{
    private readonly EntityMapFile _map;
    private readonly PageReader _api;
    private readonly Target? _target;
    private readonly SemaphoreSlim _alone = new(1);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PageEncoder _encoder;
    private int _open;
    private long _records;

    private Transfer(EntityMapFile map, PageReader api, Target? target, List<string> pages)
    {
        (_map, _api, _target, Pages, _open) = (map, api, target, pages, pages.Count);
        _encoder = new PageEncoder(map.Columns);
    }

    /// <summary>The queries of all pages.</summary>
    public IReadOnlyList<string> Pages { get; }

    /// <summary>Records taken; none are counted where they are thrown away.</summary>
    public long Records => _records;

    /// <summary>When the merge is done.</summary>
    public Task Ended => Pages.Count == 0 ? Task.CompletedTask : _ended.Task;

    public static async Task<Transfer> OpenAsync(EntityMapFile map, PageReader api, NpgsqlDataSource? database)
    {
        var pages = Listing.PagesAsync(api, map.BubbleType);
        var target = database is null ? null : await Target.OpenAsync(map, database);
        return new(map, api, target, await pages);
    }

    /// <summary>Reads a page and stages it; after the last one, merges, while the caller goes on.</summary>
    public async Task TakeAsync(string query, CancellationToken cancellationToken)
    {
        var page = await _api.ReadAsync(_map.BubbleType, query, cancellationToken);
        if (_target is not null)
            await StageAsync(page, cancellationToken);
        ArrayPool<byte>.Shared.Return(page.Array!);

        if (Interlocked.Decrement(ref _open) == 0)
            _ = EndAsync();
    }

    private async Task StageAsync(ArraySegment<byte> page, CancellationToken cancellationToken)
    {
        using var rows = new CopyRows();
        Interlocked.Add(ref _records, _encoder.Encode(page, rows));
        await _alone.WaitAsync(cancellationToken);
        try
        {
            await _target!.WriteAsync(rows.Written, cancellationToken);
        }
        finally
        {
            _alone.Release();
        }
    }

    private async Task EndAsync()
    {
        try
        {
            if (_target is not null)
                await _target.MergeAsync();
            _ended.SetResult();
        }
#pragma warning disable CA1031 // Whoever waits for the end gets it.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _ended.SetException(failure);
        }
    }
}
