using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Runs;

namespace BubbleSync.Etl.Graph;

/// <summary>Maps and merges once more what an earlier run rejected, as it was kept then: without Bubble, after a map or a table was mended.</summary>
internal sealed class ReprocessRun : IRecordedRun, IAsyncDisposable
{
    private const int PageSize = 100;

    private readonly RejectedRecords _rejected;
    private readonly TargetTransactions _transactions;
    private readonly MergeStage _merge;
    private readonly List<EntityRun> _entities;
    private readonly ReadingOrder _order;

    /// <summary>Sets up a run over the entities that have rejects; nothing is read or written yet.</summary>
    public ReprocessRun(TargetDatabase database, RunLock runLock, IReadOnlyList<EntityPlan> plans, RunJournal journal, RejectedRecords rejected, TimeProvider clock)
    {
        _rejected = rejected;
        _transactions = new TargetTransactions(database, dryRun: false, runLock.CheckAsync);
        _merge = new MergeStage(new MergeOptions(Force: false, PruneMode.None, 0), plans, database, _transactions, journal, Findings, clock);
        _entities = [.. plans.Select(p => new EntityRun(p, database, journal) { StartedAt = clock.GetUtcNow() })];
        _order = new ReadingOrder(clock);
    }

    /// <inheritdoc/>
    public RunProgress Progress => new([.. _entities.Select(e => e.Flow.Progress)], new ApiCounts(0, 0, 0, 0), 0, 0);

    /// <inheritdoc/>
    public RunFindings Findings { get; } = new();

    /// <inheritdoc/>
    public IReadOnlyList<EntityReport> Reports => [.. _entities.Select(e => e.Report)];

    /// <summary>Runs to the end.</summary>
    public async Task RunAsync(PatchStage patches, CancellationToken cancellationToken)
    {
        await Together.RunAsync(_entities, _entities.Count, ReadAndMergeAsync, cancellationToken);
        await _merge.FinishAsync(_entities, patches, cancellationToken);
    }

    /// <summary>Gives back what the run holds.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var entity in _entities)
            await entity.DisposeAsync();
        await _transactions.DisposeAsync();
    }

    private async Task ReadAndMergeAsync(EntityRun entity, CancellationToken cancellationToken)
    {
        await entity.CreateStagingAsync(cancellationToken);
        await entity.Flow.PassAsync(token => ReadAsync(entity.Plan.Name, token), cancellationToken);
        await _merge.MergeInTurnAsync(entity, () => { }, cancellationToken);
    }

    private async IAsyncEnumerable<Reading> ReadAsync(string entity, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reading = new WindowReading(new Window(WindowKind.Chosen, null, null), 1);
        var (pages, rows) = (0, 0L);
        await foreach (var page in _rejected.RawAsync(entity, cancellationToken).Chunk(PageSize).Select(Page).WithCancellation(cancellationToken))
        {
            pages++;
            rows += page.Count;
            yield return new PageRead(reading, page, _order.Take(page.Count));
        }

        yield return new ReadingEnded(reading, pages, new Verdict(Outcome.Proved, rows, rows, rows, null));
    }

    // The envelope of a search around records that came in one before.
    private static RawPage Page(IEnumerable<string> records)
    {
        var text = $$$"""{"response":{"results":[{{{string.Join(',', records)}}}],"remaining":0}}""";
        var body = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        return RawPage.Parse(body, Encoding.UTF8.GetBytes(text, body), null);
    }
}
