namespace BubbleSync.Etl.Settings;

/// <summary>The options of <see cref="SyncEngine.ExportDbtAsync"/>.</summary>
public sealed record DbtOptions
{
    /// <summary>The folder in which <c>sources.yml</c> is written. Default none: the report has the text.</summary>
    public string? Folder { get; init; }

    /// <summary>The name of the source in dbt. Default <c>bubble</c>.</summary>
    public string SourceName { get; init; } = "bubble";

    /// <summary>The age of the last verified reading of an entity from which dbt warns. Whole minutes; a part counts as one. Default one day.</summary>
    public TimeSpan WarnAfter { get; init; } = TimeSpan.FromDays(1);

    /// <summary>The age from which dbt reports an error. Default twice <see cref="WarnAfter"/>.</summary>
    public TimeSpan? ErrorAfter { get; init; }
}
