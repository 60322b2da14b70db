using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Settings;
using Npgsql;

namespace BubbleSync.Etl.Compare.Status;

/// <summary>Puts the state of the mirror together: tables and control tables, and one request to Bubble for each entity.</summary>
/// <param name="target">The database.</param>
/// <param name="client">Asks Bubble; null where it is not asked.</param>
/// <param name="parallel">The most requests at a time.</param>
/// <param name="clock">The present.</param>
internal sealed class MirrorStatus(SyncTarget target, BubbleClient? client, int parallel, TimeProvider clock)
{
    /// <summary>Returns a report.</summary>
    public async Task<StatusReport> ReadAsync(StatusOptions options, CancellationToken cancellationToken)
    {
        var plan = target.Plan(options.Entities);
        List<EntityMap> maps = [.. target.Maps.Where(m => options.Entities.Count == 0 || options.Entities.Contains(m.Name)).OrderBy(m => m.Level)];
        var bubble = new Dictionary<string, BubbleSide>();
        if (client is not null)
        {
            await ParallelWork.RunAsync(maps, parallel, async (map, token) =>
            {
                var side = await BubbleSide.ReadAsync(client, map, token);
                lock (bubble)
                    bubble[map.Name] = side;
            }, cancellationToken);
        }

        var rules = new StatusRules(clock.GetUtcNow(), options.MaxAge);
        return await target.Database.RunAsync(async connection =>
        {
            await connection.DisableStatementTimeoutAsync(cancellationToken);
            var source = await target.Source.RecordedAsync(connection, cancellationToken);
            var runs = await LastRuns.ReadAsync(connection, target.Database.Schema, maps.Select(m => m.Name), cancellationToken);
            var entities = new List<EntityStatus>();
            foreach (var map in maps)
            {
                var facts = await TableAsync(connection, new EntityFacts(map), plan, source, cancellationToken);
                var last = runs.GetValueOrDefault(map.Name);
                entities.Add(rules.Judge(facts with
                {
                    Bubble = bubble.GetValueOrDefault(map.Name),
                    LastRun = last.Run,
                    IsUnverified = last.IsUnverified,
                    Errors = last.Errors ?? [],
                }));
            }

            var failed = await LastRuns.FailedPatchesAsync(connection, target.Database.Schema, cancellationToken);
            List<StatusFinding> findings = [.. failed.Where(p => target.PatchNames.Contains(p.Name)).Select(p =>
                new StatusFinding(StatusFindingKind.PatchFailed, StatusLight.Act, $"patch {p.Name} failed: {p.Error}") { Patch = p.Name })];
            return new StatusReport(
                StatusRules.Worst(entities.SelectMany(e => e.Findings).Concat(findings)), clock.GetUtcNow(), source, entities, findings)
            {
                Target = target.Database.Place,
                IsPart = options.Entities.Count > 0,
                Errors = [.. bubble.Values.SelectMany(b => b.Failure?.Errors ?? []).DistinctBy(e => e.Message)],
            };
        }, cancellationToken);
    }

    private async Task<EntityFacts> TableAsync(
        NpgsqlConnection connection, EntityFacts facts, SyncPlan plan, string? source, CancellationToken cancellationToken)
    {
        var gaps = plan.Gaps.Where(g => g.Entity == facts.Map.Name).ToList();
        if (gaps.Count > 0 || plan.Entities.FirstOrDefault(e => e.Name == facts.Map.Name) is not { } entity)
            return facts with { Gaps = gaps };

        var address = target.Source.IsRead ? target.Source.Address : source ?? "";
        var (mark, why) = await Watermarks.FindAsync(connection, target.Database.Schema, entity, address, cancellationToken);
        return facts with
        {
            Table = await TableSide.ReadAsync(connection, entity, cancellationToken),
            Watermark = why is null ? mark : null,
            WhyNone = why,
        };
    }
}
