namespace BubbleSync.Etl.Settings;

/// <summary>The options of <see cref="SyncEngine.AuditSchemaAsync"/>.</summary>
public sealed record SchemaAuditOptions
{
    /// <summary>Whether the additions are made, in one transaction. Default false.</summary>
    public bool Apply { get; init; }

    /// <summary>Whether proposed lines are added to the maps, each marked for review. Default false.</summary>
    public bool WriteMaps { get; init; }
}
