using BubbleSync.Etl.Reports;
using BubbleSync.Server.Page.Parts;

namespace BubbleSync.Server.Page.Overview;

/// <summary>Says in one sentence whether the tables are right now.</summary>
internal static class OverviewText
{
    /// <summary>Returns the sentence.</summary>
    public static string Sentence(StatusReport status)
    {
        var (all, bad) = (status.Entities.Count, status.Entities.Where(e => e.Light == StatusLight.Act).ToList());
        if (all > 0 && status.Entities.All(e => e.Watermark is null))
            return "Nothing was read from Bubble yet. A resync reads everything; start one below.";

        if (bad.Count > 0)
            return $"{Some(bad.Count, all)} something to be done: {Names(bad)}.";

        var look = status.Entities.Where(e => e.Light == StatusLight.Look).ToList();
        if (look.Count > 0)
            return $"The tables can be used. {Some(look.Count, all)} something worth a look, which the next sync may settle: {Names(look)}.";

        return status.Light == StatusLight.Ok
            ? $"The tables match Bubble: all {Show.Count(all, "entity", "entities")} {(all == 1 ? "is" : "are")} complete."
            : "All entities are complete, but there are other findings below.";
    }

    private static string Some(int some, int all) => $"{(some == all ? "All" : $"{Show.Number(some)} of {Show.Number(all)}")} entities have";

    private static string Names(List<EntityStatus> entities) => string.Join(", ", entities.Select(e => e.Name));
}
