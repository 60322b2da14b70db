using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Transform;

namespace BubbleSync.Etl.Graph;

/// <summary>The way of one entity's records, from Bubble to wherever mapped pages go: three passes through the same line of stages.</summary>
internal sealed class EntityFlow(EntityPlan plan, EntitySource source, BubbleSettings settings, ReadingOrder order, Func<Reading, CancellationToken, Task> stage)
{
    // Two windows at once hide the first and last call of each; more would only open more transactions.
    private const int WindowsAtOnce = 2;
    private const int PagesWaiting = 8;

    private readonly RecordMapper _mapper = new(plan);
    private readonly WindowReader _reader = new(source, settings, order);
    private readonly WindowPlanner _planner = new(source, settings);
    private long _read;
    private long _rejected;

    /// <summary>The entity.</summary>
    public EntityPlan Plan => plan;

    /// <summary>The names met in the records, and what the records held.</summary>
    public RecordMapper Mapper => _mapper;

    /// <summary>What was read, and how sure it is complete.</summary>
    public ExtractionLedger Ledger { get; } = new();

    /// <summary>What the entity is at, for progress.</summary>
    public EntityState State { get; set; }

    /// <summary>The probe of the whole type, once it was made.</summary>
    public Probe? Whole { get; private set; }

    /// <summary>How it is getting on.</summary>
    public EntityProgress Progress => new(plan.Name, State, Whole?.Total, Interlocked.Read(ref _read), Interlocked.Read(ref _rejected));

    /// <summary>Takes over what an earlier attempt at the same run has staged.</summary>
    public void TakeOver(IEnumerable<StagedWindow> windows, long rejected)
    {
        foreach (var window in windows)
        {
            Interlocked.Add(ref _read, window.Records);
            if (window.Window.Kind != WindowKind.Modified)
                Ledger.Add(window.Window, window.Verdict);
        }

        Interlocked.Add(ref _rejected, rejected);
    }

    /// <summary>Counts the type; stops where Bubble does not expose it.</summary>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        Whole = await source.ProbeAsync(null, 0, cancellationToken);
        Ledger.CountedBefore = Whole.Total;
    }

    /// <summary>Reads everything: what was there at <paramref name="end"/>, what the counts say is still missing, what changed since.</summary>
    public async Task ReadAsync(DateTimeOffset end, CancellationToken cancellationToken)
    {
        State = EntityState.Reading;
        var done = Ledger.Accepted.Where(a => a.Verdict.Outcome == Outcome.Proved).Select(a => a.Window).ToList();
        await PassAsync(token => _planner.PlanAsync(Whole!, end, done, token), cancellationToken);
        await PassAsync(new Reconciliation(source, Ledger, end).MissedAsync, cancellationToken);
        await PassAsync(_ => One(new Window(WindowKind.Modified, end, null)), cancellationToken);
    }

    private async Task PassAsync(Func<CancellationToken, IAsyncEnumerable<Window>> windows, CancellationToken cancellationToken)
    {
        try
        {
            using var run = new FlowRun(PagesWaiting, cancellationToken);
            await run.From("plan windows", windows)
                .ThenMany("read", _reader.ReadAsync, parallel: WindowsAtOnce)
                .Then("map", Map, parallel: Environment.ProcessorCount)
                .Into("stage", StageAsync, parallel: WindowsAtOnce);
        }
        catch (StageException failure)
        {
            throw PostgresFailure.Explain(failure.InnerException!, failure.Stage switch { "map" => "transform", "stage" => "load", _ => "extract" }, plan.Name);
        }
    }

    private Reading Map(Reading reading) =>
        reading is PageRead page ? Count(_mapper.Map(page)) : reading;

    private PageMapped Count(PageMapped page)
    {
        Interlocked.Add(ref _read, page.Batch.RowCount);
        Interlocked.Add(ref _rejected, page.Batch.Rejects.DistinctBy(r => r.Order).Count());
        return page;
    }

    private async Task StageAsync(Reading reading, CancellationToken cancellationToken)
    {
        await stage(reading, cancellationToken);
        if (reading is ReadingEnded end)
            Ledger.Add(end.Of.Window, end.Verdict);
    }

    private static async IAsyncEnumerable<Window> One(Window window)
    {
        await Task.CompletedTask;
        yield return window;
    }
}
