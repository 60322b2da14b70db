namespace BubbleSync.Etl.Settings;

/// <summary>What is reported of links whose target is in no table.</summary>
public sealed record LinkAuditOptions
{
    /// <summary>Whether to ask Bubble which of the targets it still has. Default false.</summary>
    public bool Ask { get; init; }

    /// <summary>
    /// The file that every link is written to as CSV with the head <c>entity,column,target_entity,target_id,records,bubble_ids</c>, or null. The ids are those
    /// of the first hundred records that name the target, divided by blanks.
    /// </summary>
    public string? CsvFile { get; init; }

    /// <summary>Whether spreadsheets keep every text of the file as it is; it then begins with a byte order mark. Default false.</summary>
    public bool Excel { get; init; }
}
