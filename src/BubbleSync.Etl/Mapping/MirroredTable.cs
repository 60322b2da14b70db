using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Mapping;

/// <summary>The table of an entity. A trigger of one mirrored table may write rows of the others, synced in this run or not.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="Schema">The table's schema.</param>
/// <param name="Target">The table as the database has it.</param>
/// <param name="KeyName">The column that holds Bubble's <c>_id</c>.</param>
internal sealed record MirroredTable(string Entity, string Schema, TableInfo Target, string KeyName)
{
    /// <summary>The quoted table.</summary>
    public string Table => Identifier.Quote(Schema, Target.Name);

    /// <summary>The quoted key.</summary>
    public string Key => Identifier.Quote(KeyName);
}
