using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Mapping;

/// <summary>The column with the time at which a record was found to be missing in Bubble; a table may lack it.</summary>
internal static class DeletionMark
{
    /// <summary>Its name.</summary>
    public const string Name = "deleted_in_bubble_at";

    /// <summary>Its name, quoted.</summary>
    public static readonly string Quoted = Identifier.Quote(Name);

    /// <summary>Whether the entity's table has it.</summary>
    public static bool IsIn(EntityPlan plan) => plan.Target.Columns.ContainsKey(Name);
}
