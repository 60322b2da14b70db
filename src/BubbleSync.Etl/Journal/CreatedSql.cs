using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Journal;

/// <summary>SQL text for when the record of a row was created. Counts and notes use the same expression, so that no row is in the one only.</summary>
internal static class CreatedSql
{
    /// <summary>
    /// Returns an expression of type timestamptz that is never null: <c>created_at</c> of the row <paramref name="t"/>. If that is empty, or not before
    /// <paramref name="bound"/>, the time with which the id begins: another program may have filled or moved <c>created_at</c>, and a record without Created
    /// Date has the time of its insertion there.
    /// </summary>
    public static string Of(EntityPlan plan, string t, string bound)
    {
        var column = Identifier.Quote(Clocks.CreatedAt);
        var stored = ColumnStorage.OfClock(plan.Target.Columns[Clocks.CreatedAt])!.Stored($"{t}.{column}");
        return $"case when {stored} < {bound} then {stored} else {OfId($"{t}.{plan.Key.Quoted}")} end";
    }

    /// <summary>Returns an expression of type timestamptz: the time with which an id of Bubble's form begins.</summary>
    // The digits may be too many for a time: then the record counts as one of the first.
    public static string OfId(string id) =>
        $"to_timestamp(case when length(split_part({id}::text collate \"C\", 'x', 1)) <= 15 then split_part({id}::text collate \"C\", 'x', 1)::numeric / 1000 "
            + "else 0 end::double precision)";
}
