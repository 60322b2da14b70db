using System.Runtime.ExceptionServices;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Stages;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Runs;

/// <summary>Builds the one graph of a run. Every kind of run is made of these stages, in the order of the calls.</summary>
/// <param name="graph">The graph, which has the entities' lines.</param>
/// <param name="entities">The entities.</param>
internal sealed class RunGraph(RunPipeline graph, IReadOnlyList<EntityRun> entities)
{
    /// <summary>The number of pages that may wait before a stage.</summary>
    public const int PagesWaiting = 8;

    private readonly Dictionary<EntityRun, PipelineStep> _last = [];
    private PipelineStep? _whole;

    /// <summary>Adds a step of the whole run, after everything that was added before it.</summary>
    public RunGraph Once(string name, Func<CancellationToken, Task> work, bool feedsLines = false)
    {
        _whole = graph.Step(name, null, work, Ends());
        _last.Clear();
        if (feedsLines)
        {
            foreach (var entity in entities)
                _whole.Feeds(entity.Flow.Line);
        }

        return this;
    }

    /// <summary>Adds a step for each entity, after that entity's last.</summary>
    public RunGraph Each(string name, Func<EntityRun, CancellationToken, Task> work)
    {
        foreach (var entity in entities)
            _last[entity] = Step(entity, name, token => work(entity, token), Before(entity));
        return this;
    }

    /// <summary>Adds, for each entity, what plans its windows and feeds its line: read, map, stage.</summary>
    public RunGraph Extract(Func<EntityRun, CancellationToken, Task> read)
    {
        foreach (var entity in entities)
        {
            var extract = Step(entity, "plan windows", token => ReadAsync(entity, read, token), Before(entity));
            _last[entity] = extract.Feeds(entity.Flow.Line);
        }

        return this;
    }

    /// <summary>Adds a merge for each entity, after that entity's last step and after the merges of all lower levels.</summary>
    /// <param name="stage">Merges an entity.</param>
    /// <param name="check">Called before each merge; throws if nothing more is to be merged.</param>
    /// <param name="drain">Skips merges that have not begun.</param>
    /// <param name="isMerged">Whether an entity is merged at all, called once its records are staged; null for all.</param>
    public RunGraph Merge(MergeStage stage, Func<CancellationToken, Task> check, CancellationToken drain, Func<EntityRun, bool>? isMerged = null)
    {
        List<PipelineStep> below = [];
        foreach (var level in entities.GroupBy(e => e.Plan.Level).OrderBy(l => l.Key))
        {
            var merges = level.ToDictionary(
                e => e,
                e => Step(
                    e, "merge", token =>
                        isMerged?.Invoke(e) == false ? Task.CompletedTask : stage.MergeAsync(e, check, drain, token), [.. Before(e), .. below]));
            foreach (var (entity, merge) in merges)
                _last[entity] = merge;
            below = [.. merges.Values];
        }

        return this;
    }

    /// <summary>
    /// Adds what comes after the last merge: links are searched in staging, in parallel with the patches, which write only the tables. Rows are pruned only
    /// after the search for links to them.
    /// </summary>
    public RunGraph Finish(FinalStages stages)
    {
        var merged = Ends();
        var links = graph.Step("links", null, stages.ReportLinksAsync, merged);
        var prune = stages.Prune == PruneMode.None ? null : graph.Step("prune", null, stages.PruneAsync, stages.IsDeleting ? [links] : merged);
        var patches = graph.Step("patches", null, stages.PatchAsync, prune is null ? merged : [prune]);
        _whole = graph.Step("findings", null, stages.ReportAsync, links, patches);
        _last.Clear();
        return this;
    }

    /// <summary>Runs the graph, and explains the failure that ended it.</summary>
    /// <exception cref="SyncException">A stage failed.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static async Task RunAsync(RunPipeline graph, IEnumerable<EntityPipeline> lines)
    {
        try
        {
            await graph.RunAsync();
        }
        catch (StageException failure)
        {
            // A step ends like this when the run is asked to stop early.
            if (failure.InnerException is OperationCanceledException)
                ExceptionDispatchInfo.Throw(failure.InnerException);
            throw PostgresFailure.Explain(failure.InnerException!, SyncStage.Load, null);
        }
        finally
        {
            foreach (var line in lines)
                await line.AbandonAsync();
        }
    }

    /// <summary>Runs the graph, and explains the failure that ended it.</summary>
    public Task RunAsync() => RunAsync(graph, entities.Select(e => e.Flow));

    private static async Task ReadAsync(EntityRun entity, Func<EntityRun, CancellationToken, Task> read, CancellationToken cancellationToken)
    {
        await read(entity, cancellationToken);
        if (!entity.IsMerged)
            entity.Flow.State = EntityState.Merging;
    }

    private PipelineStep Step(EntityRun entity, string name, Func<CancellationToken, Task> work, IEnumerable<PipelineStep> after) =>
        graph.Step(name, entity.Plan.Name, work, after);

    private IEnumerable<PipelineStep> Before(EntityRun entity) => _last.TryGetValue(entity, out var last) ? [last] : _whole is null ? [] : [_whole];

    private List<PipelineStep> Ends() => _last.Count > 0 ? [.. _last.Values] : _whole is null ? [] : [_whole];
}
