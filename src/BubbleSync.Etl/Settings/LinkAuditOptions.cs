namespace BubbleSync.Etl.Settings;

/// <summary>What is reported of links whose target is in no table.</summary>
public sealed record LinkAuditOptions
{
    /// <summary>Whether to ask Bubble which of the targets it still has. Default false.</summary>
    public bool Ask { get; init; }

    /// <summary>The file that every link is written to as CSV with the head <c>entity,column,target_entity,target_id,records</c>, or null.</summary>
    public string? CsvFile { get; init; }
}
