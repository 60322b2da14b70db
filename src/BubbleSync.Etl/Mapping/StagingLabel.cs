using System.Security.Cryptography;
using System.Text;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Mapping;

/// <summary>The label of a staging table, in its comment: schema, entity and run. By it a run finds its own tables and those of others.</summary>
internal static class StagingLabel
{
    /// <summary>The start of the labels of all runs over one entity of one schema.</summary>
    public static string Of(EntityPlan plan) => $"BubbleSync staging of {Identifier.Quote(plan.Schema, plan.Name)} ";

    /// <summary>The label of one run; it changes with the map and the table, because the staged rows would no longer be the mapped rows.</summary>
    public static string Of(EntityPlan plan, Guid runId) => $"{OfRun(plan, runId)}layout {Fingerprint(plan)}";

    /// <summary>The start of the labels of one run, for every map and table that it staged with.</summary>
    public static string OfRun(EntityPlan plan, Guid runId) => $"{Of(plan)}run {runId} ";

    /// <summary>
    /// The start of the labels of what is staged only to be compared; a run over the entity treats it neither as its own nor as that of a run that has ended.
    /// </summary>
    public static string OfComparison(EntityPlan plan) => $"BubbleSync comparison of {Identifier.Quote(plan.Schema, plan.Name)} run ";

    /// <summary>The label of what one comparison has staged.</summary>
    public static string OfComparison(EntityPlan plan, Guid runId) => $"{OfComparison(plan)}{runId}";

    private static string Fingerprint(EntityPlan plan)
    {
        var columns = plan.Columns.Select(c => string.Join('|',
            [
                c.Quoted, c.Type.Name, c.StagingType, c.Target.FullType, c.IsRequired, c.AbsentClears, .. c.Target.Labels ?? [], .. c.Path,
                .. c.Mask is { } mask ? new[] { mask.Fingerprint } : [],
                .. c.Sources.SelectMany(s => s.OtherNames.Prepend(s.Name)), .. plan.Ignored.Where(_ => c.HoldsUnmapped).Order(StringComparer.Ordinal),
            ]));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', columns))))[..12];
    }
}
