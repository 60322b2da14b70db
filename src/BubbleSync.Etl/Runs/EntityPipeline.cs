using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Transform;

namespace BubbleSync.Etl.Runs;

/// <summary>The way of one entity's records, from wherever they are read to wherever mapped pages go: one line of stages, passed once or several times.</summary>
/// <param name="plan">The entity.</param>
/// <param name="stage">Takes mapped pages and the ends of readings.</param>
/// <param name="keepsRaw">Whether records travel on as they came too.</param>
/// <param name="look">Sees each page before it is mapped, several at once; mostly none.</param>
internal sealed class EntityPipeline(EntityPlan plan, Func<Reading, CancellationToken, Task> stage, bool keepsRaw = false, Action<PageRead>? look = null)
{
    // Several windows at once hide the first and last call of each, and let the entity whose turn it is have the whole machine; each is a transaction.
    private const int WindowsAtOnce = 4;
    private const int PagesWaiting = 8;

    private readonly RecordMapper _mapper = new(plan, keepsRaw);
    private long _read;
    private long _rejected;
    private long _takenOver;
    private RunPipeline? _line;

    /// <summary>The entity.</summary>
    public EntityPlan Plan => plan;

    /// <summary>The names met in the records, and what the records held.</summary>
    public RecordMapper Mapper => _mapper;

    /// <summary>Slots that all entities share, one for each window under way; null where windows cost nothing but memory.</summary>
    public PrioritySlots? Slots { get; init; }

    /// <summary>Rolls back a reading that will not end, because its pass failed.</summary>
    public Func<WindowReading, ValueTask> Abandon { get; init; } = _ => ValueTask.CompletedTask;

    /// <summary>Which windows go first, where not all can: those of the lowest rank.</summary>
    public int Rank { get; set; } = plan.Level;

    /// <summary>What was read, and how sure it is complete.</summary>
    public ExtractLog Ledger { get; } = new();

    /// <summary>What the entity is at, for progress.</summary>
    public EntityState State { get; set; }

    /// <summary>How it is getting on.</summary>
    public EntityProgress Progress => new(plan.Name, State, Ledger.CountedBefore, Interlocked.Read(ref _read), Interlocked.Read(ref _rejected), Interlocked.Read(ref _takenOver));

    /// <summary>What waits before each of its stages, in their order; none while it does not read.</summary>
    public IReadOnlyList<StageFill> Queues => Volatile.Read(ref _line)?.Queues.Reverse().ToList() ?? [];

    /// <summary>Takes over what an earlier attempt at the same run has staged.</summary>
    public void TakeOver(IEnumerable<StagedReading> readings, long rejected)
    {
        foreach (var reading in readings)
        {
            Interlocked.Add(ref _takenOver, reading.Records);
            if (reading is { Window.Kind: not WindowKind.Modified, Verdict.Outcome: Outcome.Proved })
                Ledger.Add(reading.Window, reading.Verdict);
        }

        Interlocked.Add(ref _read, _takenOver);
        Interlocked.Add(ref _rejected, rejected);
    }

    /// <summary>Takes over that an earlier attempt at the same run has merged everything.</summary>
    public void TakeOver(EntityReport merged)
    {
        State = EntityState.Done;
        Interlocked.Add(ref _takenOver, merged.Extracted);
        Interlocked.Add(ref _read, merged.Extracted);
        Interlocked.Add(ref _rejected, merged.Rejected);
    }

    /// <summary>Reads, maps and stages windows, as they are planned.</summary>
    public async Task PassAsync(Func<CancellationToken, IAsyncEnumerable<Window>> windows, Func<Window, CancellationToken, IAsyncEnumerable<Reading>> read, CancellationToken cancellationToken)
    {
        using var run = new RunPipeline(PagesWaiting, cancellationToken);
        var open = Open();
        await EndAsync(run, open, run.From("plan windows", windows).ThenMany("read", (w, token) => InSlot(open, read(w, token), token), parallel: WindowsAtOnce));
    }

    /// <summary>Maps and stages readings that need no windows.</summary>
    public async Task PassAsync(Func<CancellationToken, IAsyncEnumerable<Reading>> readings, CancellationToken cancellationToken)
    {
        using var run = new RunPipeline(PagesWaiting, cancellationToken);
        var open = Open();
        await EndAsync(run, open, run.From("read", token => InSlot(open, readings(token), token)));
    }

    private WindowSlotHolder? Open() => Slots is null ? null : new WindowSlotHolder(Slots, Abandon);

    private IAsyncEnumerable<Reading> InSlot(WindowSlotHolder? open, IAsyncEnumerable<Reading> readings, CancellationToken cancellationToken) =>
        open?.PassAsync(readings, Rank, cancellationToken) ?? readings;

    private async Task EndAsync(RunPipeline run, WindowSlotHolder? open, RunPipeline.Line<Reading> line)
    {
        using var span = EtlDiagnostics.Begin("entity", ("entity", plan.Name));
        try
        {
            State = EntityState.Reading;
            var passed = line.Then("map", Map, parallel: Environment.ProcessorCount).Into("stage", (r, token) => StageAsync(r, open, token), parallel: WindowsAtOnce);
            Volatile.Write(ref _line, run);
            await passed;
        }
        catch (StageException failure)
        {
            span.Fail(failure.Stage);
            throw PostgresFailure.Explain(failure.InnerException!, failure.Stage switch { "map" => "transform", "stage" => "load", _ => "extract" }, plan.Name);
        }
        finally
        {
            Volatile.Write(ref _line, null);
            if (open is not null)
                await open.AbandonAsync();
        }
    }

    private Reading Map(Reading reading)
    {
        if (reading is ReadingEnded end)
            _mapper.Tally.End(end);
        if (reading is not PageRead page)
            return reading;

        look?.Invoke(page);
        return Count(_mapper.Map(page));
    }

    private PageMapped Count(PageMapped page)
    {
        Interlocked.Add(ref _read, page.Batch.Records);
        Interlocked.Add(ref _rejected, page.Batch.Rejects.DistinctBy(r => r.Order).Count());
        return page;
    }

    private async Task StageAsync(Reading reading, WindowSlotHolder? open, CancellationToken cancellationToken)
    {
        await stage(reading, cancellationToken);
        open?.Count(reading);
        if (reading is ReadingEnded end)
            Ledger.Add(end.Of.Window, end.Verdict);
    }
}
