using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Merge.Conflicts;

/// <summary>
/// The conditions on the clocks of a row, as text; <c>t</c> is the table. A row was edited here where <c>updated_at</c> is later than Bubble's date and later
/// than the last write of this program. The time of that write is <c>last_synced_at</c>, or what <see cref="OwnWrites"/> recorded where a trigger
/// stamped the row.
/// </summary>
internal static class LocalEditSql
{
    /// <summary>Whether the row was edited here after Bubble's date; never null.</summary>
    /// <param name="plan">The entity.</param>
    /// <param name="bubbleDate">The Modified Date in Bubble, an expression; NULL is earlier than any edit.</param>
    public static string IsEdited(EntityPlan plan, string bubbleDate) => IsEdited(plan.OwnTable, bubbleDate);

    /// <summary>Whether the row was edited here after Bubble's date; never null.</summary>
    /// <param name="table">The entity's table.</param>
    /// <param name="bubbleDate">The Modified Date in Bubble, an expression; NULL is earlier than any edit.</param>
    public static string IsEdited(MirroredTable table, string bubbleDate)
    {
        var isByHand = table.Target.MayBeStamped ? $" and not {IsOwnWrite(table)}" : "";
        return $"coalesce({UpdatedAt(table)} > coalesce({bubbleDate}, '-infinity') and {IsAfterSync(table)}{isByHand}, false)";
    }

    /// <summary>Whether the row was changed after the last sync that wrote it, by anyone, triggers included; never null.</summary>
    public static string IsAfterSync(MirroredTable table) =>
        $"coalesce({UpdatedAt(table)} > {ClockSql.Stored(table.Target, "t", Clocks.SyncedAt)}, t.{Identifier.Quote(Clocks.UpdatedAt)} is not null)";

    private static string UpdatedAt(MirroredTable table) => ClockSql.Stored(table.Target, "t", Clocks.UpdatedAt);

    private static string IsOwnWrite(MirroredTable table) =>
        $"""
        exists (select from bubblesync.own_write w where w.target_schema = {Identifier.Literal(table.Schema)} and w.entity = {Identifier.Literal(table.Entity)}
          and w.bubble_id = t.{table.Key} and w.updated_at >= {UpdatedAt(table)})
        """;
}
