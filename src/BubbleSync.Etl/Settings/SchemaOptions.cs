namespace BubbleSync.Etl.Settings;

/// <summary>The options of <see cref="SyncEngine.ApplySchemaAsync(SchemaOptions, CancellationToken)"/>.</summary>
public sealed record SchemaOptions
{
    /// <summary>Whether views are made: one for each entity with what its links name, one for each list of links. Default false.</summary>
    public bool Views { get; init; }
}
