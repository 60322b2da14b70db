using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Graph;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Audit;

/// <summary>Reads every record of Bubble once, maps it and throws it away: what is left are counts by field, beside those of the tables.</summary>
internal sealed class FieldAudit(SyncPlan plan, BubbleClient client, TargetDatabase database, BubbleSettings settings, TimeProvider clock)
{
    /// <summary>Gives the report.</summary>
    public async Task<FieldAuditReport> RunAsync(CancellationToken cancellationToken)
    {
        var order = new ReadingOrder(clock);
        var flows = plan.Entities.Select(e => new EntityFlow(e, DiscardAsync)).ToList();
        await Together.RunAsync(flows, flows.Count, (flow, token) => ReadAsync(new FullHistory(flow, new EntitySource(client, flow.Plan), settings, order, clock), token), cancellationToken);

        var rows = new List<FieldAuditRow>();
        foreach (var flow in flows)
            rows.AddRange(new FieldCounts(flow.Plan, flow.Mapper, plan.Missing).Rows(await StoredAsync(flow.Plan, cancellationToken)));
        return new FieldAuditReport(rows, [.. plan.Entities.Select(e => Coverage(e.Name, rows))]);
    }

    private async Task ReadAsync(FullHistory history, CancellationToken cancellationToken)
    {
        await history.ProbeAsync(cancellationToken);
        await history.ReadAsync(clock.GetUtcNow(), CancellationToken.None, cancellationToken);
    }

    private static Task DiscardAsync(Reading reading, CancellationToken cancellationToken)
    {
        if (reading is PageMapped mapped)
            mapped.Batch.Dispose();
        return Task.CompletedTask;
    }

    private async Task<IReadOnlyDictionary<string, long>> StoredAsync(EntityPlan entity, CancellationToken cancellationToken)
    {
        var columns = entity.Target.Columns.Keys.ToList();
        await using var connection = await database.ConnectAsync(cancellationToken);
        var counts = await connection.RowsAsync(
            $"select {string.Join(", ", columns.Select(c => $"count({Identifier.Quote(c)})"))} from {entity.Table}",
            r => columns.Select((_, i) => r.GetInt64(i)).ToList(),
            cancellationToken);
        return columns.Zip(counts[0]).ToDictionary(c => c.First, c => c.Second);
    }

    private static FieldCoverage Coverage(string entity, IEnumerable<FieldAuditRow> rows)
    {
        var sent = rows.Where(r => r.Entity == entity && r.Present > 0).ToList();
        var mapped = sent.Count(r => r.Status == "mapped");
        return new FieldCoverage(entity, sent.Count, mapped, sent.Count == 0 ? 100 : Math.Round(100m * mapped / sent.Count, 1));
    }
}
