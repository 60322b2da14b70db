using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Transform;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Runs;

/// <summary>The line of one entity in the run's graph: read, map, stage. Passes go through it one after the other.</summary>
internal sealed class EntityPipeline
{
    // Parallel windows overlap the first and last call of each. The entity with the lowest rank can then use the whole machine. A window is a transaction.
    private const int WindowsAtOnce = 4;

    private readonly RunPipeline _graph;
    private readonly PipelineFeed<Extraction> _feed;
    private readonly Func<Reading, CancellationToken, Task> _stage;
    private readonly Action<PageRead>? _look;
    private readonly RecordMapper _mapper;
    private WindowSlotHolder? _open;
    private long _read;
    private long _rejected;
    private long _takenOver;
    private volatile bool _isPassing;

    /// <summary>Adds the entity's line to a graph.</summary>
    /// <param name="graph">The run's graph.</param>
    /// <param name="plan">The entity.</param>
    /// <param name="stage">Receives mapped pages and ends of readings.</param>
    /// <param name="keepsRaw">Whether records as received are kept too.</param>
    /// <param name="look">Receives each page before it is mapped, in parallel; may be null.</param>
    public EntityPipeline(
        RunPipeline graph, EntityPlan plan, Func<Reading, CancellationToken, Task> stage, bool keepsRaw = false, Action<PageRead>? look = null)
    {
        (_graph, Plan, _stage, _look, _mapper) = (graph, plan, stage, look, new RecordMapper(plan, keepsRaw));
        Rank = plan.Level;
        _feed = graph.Line<Extraction>(plan.Name)
            .ThenMany(Word.Of(QueueStage.Read), (extraction, _) => ReadAsync(extraction), parallel: WindowsAtOnce)
            .Then(Word.Of(QueueStage.Map), Map, parallel: Environment.ProcessorCount)
            .Into(Word.Of(QueueStage.Stage), StageAsync, parallel: WindowsAtOnce);
    }

    /// <summary>The entity.</summary>
    public EntityPlan Plan { get; }

    /// <summary>The names found in the records, and the counts of their fields.</summary>
    public RecordMapper Mapper => _mapper;

    /// <summary>Slots that all entities share, one per window in progress; null if windows need only memory.</summary>
    public PrioritySlots? Slots { get; init; }

    /// <summary>Rolls back a reading that cannot end because its pass failed.</summary>
    public Func<WindowReading, ValueTask> Abandon { get; init; } = _ => ValueTask.CompletedTask;

    /// <summary>The rank of its windows: the lowest goes first.</summary>
    public int Rank { get; set; }

    /// <summary>The results of its readings.</summary>
    public ExtractLog ExtractLog { get; } = new();

    /// <summary>The state of the entity, for progress.</summary>
    public EntityState State { get; set; }

    /// <summary>The most records that are read; null for all.</summary>
    public long? MostRecords { get; set; }

    /// <summary>The number of records to be read; null where Bubble did not say.</summary>
    public long? Expected => MostRecords < ExtractLog.CountedBefore ? MostRecords : ExtractLog.CountedBefore;

    /// <summary>The progress.</summary>
    public EntityProgress Progress => new(
        Plan.Name, State, Expected, Interlocked.Read(ref _read), Interlocked.Read(ref _rejected), Interlocked.Read(ref _takenOver));

    /// <summary>The blocks of its line, in order, for a picture of the graph.</summary>
    public IReadOnlyList<PipelineBlock> Line => _feed.Stages;

    /// <summary>The number of messages that wait before each stage; empty while nothing is read.</summary>
    public IEnumerable<StageFill> Queues => _isPassing
        ? _graph.Fills(Plan.Name).Select(f => new StageFill(Word.Parse<QueueStage>(f.Name), f.Waiting, f.Capacity))
        : [];

    /// <summary>Takes over what an earlier attempt at the same run has staged.</summary>
    public void TakeOver(IEnumerable<StagedReading> readings, long rejected)
    {
        foreach (var reading in readings)
        {
            Interlocked.Add(ref _takenOver, reading.Records);
            if (reading is { Window.Kind: not (WindowKind.Modified or WindowKind.Chosen), ReadingResult.Outcome: Outcome.Verified })
                ExtractLog.Add(reading.Window, reading.ReadingResult);
        }

        Interlocked.Add(ref _read, _takenOver);
        Interlocked.Add(ref _rejected, rejected);
    }

    /// <summary>Notes that an earlier attempt at the same run has merged everything.</summary>
    public void TakeOver(EntityReport merged)
    {
        State = EntityState.Done;
        Interlocked.Add(ref _takenOver, merged.Extracted);
        Interlocked.Add(ref _read, merged.Extracted);
        Interlocked.Add(ref _rejected, merged.Rejected);
    }

    /// <summary>Reads, maps and stages windows, as they are planned.</summary>
    /// <param name="windows">The windows.</param>
    /// <param name="read">Reads one.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    /// <exception cref="SyncException">
    /// A read failed. No part of the pass is still running, and what it staged in part is rolled back.
    /// </exception>
    public Task PassAsync(
        Func<CancellationToken, IAsyncEnumerable<Window>> windows, Func<Window, CancellationToken, IAsyncEnumerable<Reading>> read,
        CancellationToken cancellationToken) =>
        PassAsync(pass => pass.GuardAsync(windows).Select(w => new Extraction(pass, token => read(w, token))), cancellationToken);

    /// <summary>Maps and stages readings that need no windows.</summary>
    public Task PassAsync(Func<CancellationToken, IAsyncEnumerable<Reading>> readings, CancellationToken cancellationToken) =>
        PassAsync(pass => new[] { new Extraction(pass, readings) }.ToAsyncEnumerable(), cancellationToken);

    /// <summary>Rolls back what is partly staged, after the graph has ended.</summary>
    public ValueTask AbandonAsync() => _open?.AbandonAsync() ?? ValueTask.CompletedTask;

    private async Task PassAsync(Func<ReadingPass, IAsyncEnumerable<Extraction>> extractions, CancellationToken cancellationToken)
    {
        using var span = EtlDiagnostics.Begin("entity", ("entity", Plan.Name));
#pragma warning disable CA2000 // If the graph stops, windows in progress still use it to cancel.
        var pass = new ReadingPass(_graph.Token, cancellationToken);
#pragma warning restore CA2000
        _open ??= Slots is null ? null : new WindowSlotHolder(Slots, Abandon);
        (State, _isPassing) = (EntityState.Reading, true);
        try
        {
            await _feed.PassAsync(extractions(pass));
            pass.ThrowIfFailed();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested || _graph.Token.IsCancellationRequested)
        {
            span.Fail("read");
            throw;
        }
        catch (Exception failure)
        {
            span.Fail("read");
            throw PostgresFailure.Explain(failure, SyncStage.Extract, Plan.Name);
        }
        finally
        {
            _isPassing = false;
            // After the graph has stopped, windows may still be in progress; they are rolled back when it has ended.
            if (!_graph.Token.IsCancellationRequested)
            {
                pass.Dispose();
                await AbandonAsync();
            }
        }
    }

    private IAsyncEnumerable<Reading> ReadAsync(Extraction extraction) =>
        extraction.Pass.GuardAsync(token => _open?.PassAsync(extraction.Read(token), Rank, token) ?? extraction.Read(token));

    private Reading Map(Reading reading)
    {
        if (reading is ReadingEnded end)
            _mapper.Tally.End(end);
        if (reading is not PageRead page)
            return reading;

        _look?.Invoke(page);
        try
        {
            return Count(_mapper.Map(page));
        }
        catch (Exception failure)
        {
            throw PostgresFailure.Explain(failure, SyncStage.Transform, Plan.Name);
        }
    }

    private PageMapped Count(PageMapped page)
    {
        Interlocked.Add(ref _read, page.Batch.Records);
        Interlocked.Add(ref _rejected, page.Batch.Rejects.DistinctBy(r => r.Order).Count());
        return page;
    }

    private async Task StageAsync(Reading reading, CancellationToken cancellationToken)
    {
        try
        {
            await _stage(reading, cancellationToken);
        }
        catch (Exception failure) when (!(failure is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw PostgresFailure.Explain(failure, SyncStage.Load, Plan.Name);
        }

        _open?.Count(reading);
        if (reading is ReadingEnded end)
            ExtractLog.Add(end.Of.Window, end.ReadingResult);
    }
}
