namespace BubbleSync.Etl.Settings;

/// <summary>The options of <see cref="SyncEngine.ApplySchemaAsync(SchemaOptions, CancellationToken)"/>.</summary>
public sealed record SchemaOptions
{
}
