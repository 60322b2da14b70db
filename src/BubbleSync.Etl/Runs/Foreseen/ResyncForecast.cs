using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Runs.Foreseen;

/// <summary>Estimates a resync from one count per entity, without reading it.</summary>
internal sealed class ResyncForecast(SyncPlan plan, BubbleConnection bubble, BubbleSettings settings, PriceSettings prices, IReadOnlyList<string> patches)
{
    // Counts of the whole type before and after, and the catch-up pass.
    private const int FixedCalls = 3;

    /// <summary>Makes the estimate.</summary>
    public async Task<PlanReport> RunAsync(CancellationToken cancellationToken)
    {
        // A run reads the app's description too, as this plan did.
        var described = bubble.Meter.Counts.Calls;
        var entities = new PlannedEntity[plan.Entities.Count];
        await ParallelWork.RunAsync(
            Enumerable.Range(0, entities.Length), 1, async (i, token) => entities[i] = await EstimateAsync(plan.Entities[i], token), cancellationToken);
        var units = entities.Sum(e => e.WorkloadUnits) + (described * prices.Call);
        return new PlanReport(
            entities, entities.Sum(e => e.Records), described + entities.Sum(e => e.Calls), Math.Round(entities.Sum(e => e.Seconds), 1),
            units, patches, [.. plan.Warnings, .. HalfPriced()])
        {
            Price = PriceOf(units),
            Currency = IsPriced ? prices.Currency : null,
        };
    }

    private bool IsPriced => prices is { Currency: not null, PerUnit: > 0 };

    private decimal? PriceOf(decimal units) => IsPriced ? Math.Round(units * prices.PerUnit, 4) : null;

    private IEnumerable<string> HalfPriced() => (prices.Currency is null) == (prices.PerUnit == 0)
        ? []
        : [$"There is no price in money, because {(prices.Currency is null ? "Prices:Currency" : "Prices:PerUnit")} is not set."];

    private async Task<PlannedEntity> EstimateAsync(EntityPlan entity, CancellationToken cancellationToken)
    {
        var before = bubble.Meter.Counts.Bytes;
        var probe = await new EntitySource(bubble.Client, entity).ProbeAsync(null, 0, cancellationToken);
        var recordBytes = probe.HasRow ? bubble.Meter.Counts.Bytes - before : 0;
        var records = probe.Total ?? 0;
        var windows = Math.Max(records > 0 ? 1 : 0, Ceiling(records, settings.WindowSize));
        // All windows are full except the last, and share no page; if there are several, a count probe begins each.
        var pages = windows == 0 ? 0 : ((windows - 1) * Ceiling(settings.WindowSize, settings.PageSize))
            + Ceiling(records - ((windows - 1) * settings.WindowSize), settings.PageSize);
        var calls = pages + (windows > 1 ? windows : 0) + FixedCalls;
        // Bubble's data are mostly plain letters: a byte counts as a character.
        var units = (calls * (prices.Call + prices.Search)) + (records * (prices.Thing + (recordBytes * (prices.Character + prices.Byte))));
        return new PlannedEntity(
            entity.Name, entity.Level, entity.Target.Name, entity.Columns.Count, records, windows, pages, calls, Math.Round(
                calls * 60.0 / settings.RequestsPerMinute, 1), Math.Round(units, 1))
        {
            Price = PriceOf(units),
        };
    }

    private static long Ceiling(long number, long by) => (number + by - 1) / by;
}
