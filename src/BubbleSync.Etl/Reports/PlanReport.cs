using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Reports;

/// <summary>What a resync would read, cost, take and write, estimated from one count per entity.</summary>
/// <param name="Entities">The entities in merge order.</param>
/// <param name="Records">Records in all.</param>
/// <param name="Calls">Requests in all.</param>
/// <param name="Seconds">How long the reading takes at the throttle's ceiling.</param>
/// <param name="WorkloadUnits">What it costs in Bubble's workload units.</param>
/// <param name="Patches">The patches that run at the end.</param>
/// <param name="Warnings">What a user should know before.</param>
public sealed record PlanReport(
    IReadOnlyList<PlannedEntity> Entities, long Records, long Calls, double Seconds, decimal WorkloadUnits, IReadOnlyList<string> Patches,
    IReadOnlyList<string> Warnings)
{
    /// <summary>What it costs in money; left out where the settings have no price of a workload unit.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Price { get; init; }

    /// <summary>The currency of the price; left out where there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Currency { get; init; }
    /// <summary>The place that was looked at.</summary>
    public TargetPlace? Target { get; init; }

    /// <summary>The report as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);
}

/// <summary>What a resync would do with one entity.</summary>
/// <param name="Name">The entity.</param>
/// <param name="Level">Its merge level.</param>
/// <param name="Table">The table that is locked against other runs, and written.</param>
/// <param name="Columns">Columns that are written.</param>
/// <param name="Records">Records as Bubble counts them.</param>
/// <param name="Windows">Windows they are read in.</param>
/// <param name="Pages">Pages of these.</param>
/// <param name="Calls">Requests, counts and the catch-up pass included.</param>
/// <param name="Seconds">How long these take at the throttle's ceiling, were there no other entity.</param>
/// <param name="WorkloadUnits">What they cost in Bubble's workload units.</param>
public sealed record PlannedEntity(
    string Name, int Level, string Table, int Columns, long Records, long Windows, long Pages, long Calls, double Seconds, decimal WorkloadUnits)
{
    /// <summary>What they cost in money; left out where the settings have no price of a workload unit.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Price { get; init; }
}
