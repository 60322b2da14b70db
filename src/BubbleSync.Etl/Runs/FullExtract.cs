using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Extract.Changes;
using BubbleSync.Etl.Extract.Samples;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Runs.Draining;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Runs;

/// <summary>Reads all that Bubble has of one entity: three passes through the entity's line of stages.</summary>
internal sealed class FullExtract(EntityPipeline flow, EntitySource source, BubbleSettings settings, ReadingOrder order)
{
    private readonly WindowReader _reader = new(source, settings, order);
    private readonly KeysetReader _keyset = new(source, settings, order);
    private readonly WindowPlanner _planner = new(source, settings);
    private readonly WindowsUnderWay _underWay = new();
    private Probe? _whole;

    /// <summary>The number of windows of which a page has come, but not the last one.</summary>
    public int WindowsBegun => _underWay.Count;

    /// <summary>The rank of windows and requests: the lowest goes first.</summary>
    public void SetPriority(int rank) => (source.Rank, flow.Rank) = (rank, rank);

    /// <summary>Counts the type; throws if Bubble does not expose it.</summary>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        _whole = await source.ProbeAsync(null, 0, cancellationToken);
        flow.ExtractLog.CountedBefore = _whole.Total;
    }

    /// <summary>Reads everything: what was there at <paramref name="end"/>, what the counts say is still missing, what changed since.</summary>
    /// <param name="end">The upper bound.</param>
    /// <param name="drain">Ends the reading in good order: windows in progress are read to their end, no other begins.</param>
    /// <param name="cancellationToken">Stops at once.</param>
    public async Task ReadAsync(DateTimeOffset end, CancellationToken drain, CancellationToken cancellationToken)
    {
        var done = flow.ExtractLog.Accepted.Where(a => a.ReadingResult.Outcome == Outcome.Verified).Select(a => a.Window).ToList();
        await PassAsync(token => _planner.PlanAsync(_whole!, end, done, token), drain, cancellationToken);
        await ReconcileAsync(new Reconciliation(source, _planner, flow.ExtractLog, end), drain, cancellationToken);
        await ReadChangesAsync(end, end, drain, cancellationToken);
    }

    /// <summary>
    /// Reads a sample: stretches spread evenly over the whole history, always the same ones; everything if that is asked for, or if Bubble does not say how
    /// much there is.
    /// </summary>
    public Task ReadSampleAsync(Limit size, DateTimeOffset end, CancellationToken cancellationToken)
    {
        var wanted = (long)Math.Ceiling(size.IsPercent ? (_whole!.Total ?? 0) * size.Number / 100 : size.Number);
        return _whole!.Total is { } total && wanted < total
            ? flow.PassAsync(token => new SampleReader(source, settings, order).ReadAsync(_whole, wanted, end, token), cancellationToken)
            : ReadAsync(end, CancellationToken.None, cancellationToken);
    }

    /// <summary>Reads the newest records by Created Date, for a first look; nothing is verified.</summary>
    public Task ReadNewestAsync(long most, DateTimeOffset end, CancellationToken cancellationToken) =>
        flow.PassAsync(token => new NewestReader(source, settings, order).ReadAsync(most, end, token), cancellationToken);

    /// <summary>Reads what was modified since a moment; what is modified after the upper bound may be left to the next run.</summary>
    public Task ReadChangesAsync(DateTimeOffset since, DateTimeOffset end, CancellationToken cancellationToken) =>
        ReadChangesAsync(since, end, CancellationToken.None, cancellationToken);

    /// <summary>Reads these windows.</summary>
    public Task ReadWindowsAsync(IReadOnlyList<Window> windows, CancellationToken cancellationToken) =>
        PassAsync(_ => windows.ToAsyncEnumerable(), CancellationToken.None, cancellationToken);

    /// <summary>Passes on records that were requested one by one.</summary>
    public Task TakeAsync(IEnumerable<string> records, CancellationToken cancellationToken) =>
        flow.PassAsync(token => ReplayedRecords.ReadAsync(records.ToAsyncEnumerable(), order, token), cancellationToken);

    private async Task ReadChangesAsync(DateTimeOffset since, DateTimeOffset end, CancellationToken drain, CancellationToken cancellationToken)
    {
        if (!drain.IsCancellationRequested)
        {
            await flow.PassAsync(
                pass => _underWay.ReadAsync(token => _keyset.ReadAsync(new Window(WindowKind.Modified, since, null), end, drain, token), drain, pass),
                cancellationToken);
        }
    }

    private async Task ReconcileAsync(Reconciliation reconciliation, CancellationToken drain, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, drain);
        while (!drain.IsCancellationRequested && await reconciliation.NextAsync(either.Token) is { Count: > 0 } missed)
            await PassAsync(_ => missed.ToAsyncEnumerable(), drain, cancellationToken);
    }

    private async Task PassAsync(Func<CancellationToken, IAsyncEnumerable<Window>> windows, CancellationToken drain, CancellationToken cancellationToken)
    {
        if (drain.IsCancellationRequested)
            return;

        await flow.PassAsync(
            token => WindowsUnderWay.UntilAsync(windows, drain, token),
            (window, pass) => _underWay.ReadAsync(token => ReadAsync(window, drain, token), drain, pass),
            cancellationToken);
    }

    // A window without an end gains records while it is read, and may lose some.
    private IAsyncEnumerable<Reading> ReadAsync(Window window, CancellationToken drain, CancellationToken cancellationToken) =>
        window is { From: { } from, To: null }
        ? _keyset.ReadAsync(window, from, drain, cancellationToken)
        : _reader.ReadAsync(window, cancellationToken);
}
