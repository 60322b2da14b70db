using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Transform;

namespace BubbleSync.Etl.Compare;

/// <summary>Reads, examines and maps every record of Bubble, and keeps only counts by field, beside those of the tables.</summary>
internal sealed class FieldAudit(
    SyncPlan plan, IReadOnlyList<EntityMap> maps, BubbleClient client, TargetDatabase database, BubbleSettings settings, TimeProvider clock)
{
    private List<Audited> _entities = [];

    /// <summary>The pipelines of the entities, which have the progress.</summary>
    public IEnumerable<EntityPipeline> Flows => _entities.Select(e => e.Flow);

    /// <summary>Returns a report.</summary>
    public async Task<FieldAuditReport> RunAsync(CancellationToken cancellationToken)
    {
        var order = new ReadingOrder(clock);
        using var graph = new RunPipeline(RunGraph.PagesWaiting, cancellationToken);
        _entities = [.. plan.Entities.OrderBy(e => e.Name, StringComparer.Ordinal).Select(e => new Audited(e, graph))];
        var histories = _entities.ToDictionary(e => e, e => new FullExtract(e.Flow, new EntitySource(client, e.Plan), settings, order));
        var (end, warning) = (default(DateTimeOffset), default(string));
        var counts = _entities.Select(e => graph.Step("count", e.Plan.Name, histories[e].ProbeAsync)).ToList();
        var bound = graph.Step(
            "upper bound", null, async token => (end, warning) = await UpperBound.FixAsync(client, database, clock, token), counts);
        foreach (var entity in _entities)
        {
            graph.Step(
                "plan windows",
                entity.Plan.Name,
                async token =>
                {
                    await histories[entity].ReadAsync(end, CancellationToken.None, token);
                    entity.Flow.State = EntityState.Done;
                },
                bound).Feeds(entity.Flow.Line);
        }

        await RunGraph.RunAsync(graph, Flows);

        var rows = new List<FieldAuditRow>();
        foreach (var entity in _entities)
        {
            var seen = entity.Readings.Total;
            var (stored, kept) = (await StoredAsync(entity.Plan, cancellationToken), await KeptAsync(entity.Plan, seen, cancellationToken));
            rows.AddRange(new FieldCounts(entity.Plan, seen, plan.Missing).Rows(stored, kept));
        }

        var coverage = _entities.Select(
            e => FieldCoverage.Of(e.Plan.Name, rows.Where(r => r.Entity == e.Plan.Name), maps.First(m => m.Name == e.Plan.Name).Published))
            .ToList();
        var issues = _entities.SelectMany(
            e => e.Flow.ExtractLog.Issues.Select(i => $"{e.Plan.Name}: not shown to be complete: {i.Message}. What was read is counted."));
        var total = FieldCoverage.Of("total", rows, PublishedCoverage.Sum(coverage.Select(c => c.Published)));
        return new FieldAuditReport(rows, coverage, total, [.. issues.Prepend(warning).OfType<string>()]);
    }

    private async Task<IReadOnlyDictionary<string, long>> StoredAsync(EntityPlan entity, CancellationToken cancellationToken)
    {
        var columns = entity.Target.Columns.Keys.ToList();
        var sql = $"select {string.Join(", ", columns.Select(c => $"count({Identifier.Quote(c)})"))} from {entity.Table}";
        var counts = await database.RunAsync(
            c => c.RowsAsync(sql, r => columns.Select((_, i) => r.GetInt64(i)).ToList(), cancellationToken), cancellationToken);
        return columns.Zip(counts[0]).ToDictionary(c => c.First, c => c.Second);
    }

    // By name, the rows whose object of unmapped fields has it; names that were not seen are counted together.
    private async Task<IReadOnlyDictionary<string, long>> KeptAsync(EntityPlan entity, FieldProfile seen, CancellationToken cancellationToken)
    {
        if (entity.Unmapped is not { } column)
            return new Dictionary<string, long>();

        var value = $"{column.Quoted}::jsonb";
        var sql = $"""
            select coalesce(n.name, @others), count(*)
            from {entity.Table} cross join lateral jsonb_object_keys(case when jsonb_typeof({value}) = 'object' then {value} end) k (name)
            left join unnest(@names) n (name) on n.name = k.name
            group by n.name
            """;
        var counts = await database.RunAsync(
            c => c.RowsAsync(
                sql, r => (Name: r.GetString(0), Rows: r.GetInt64(1)), cancellationToken,
                ("others", KnownNames.OthersName), ("names", seen.ByName.Keys.Where(n => n != KnownNames.OthersName).ToArray())),
            cancellationToken);
        return counts.ToDictionary(c => c.Name, c => c.Rows);
    }

    private sealed class Audited
    {
        public Audited(EntityPlan plan, RunPipeline graph)
        {
            (Plan, Readings) = (plan, new FieldProfiler(plan));
            Flow = new EntityPipeline(graph, plan, TakeAsync, look: Readings.Look);
        }

        public EntityPlan Plan { get; }

        public FieldProfiler Readings { get; }

        public EntityPipeline Flow { get; }

        private Task TakeAsync(Reading reading, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Readings.Take(reading);
            return Task.CompletedTask;
        }
    }
}
