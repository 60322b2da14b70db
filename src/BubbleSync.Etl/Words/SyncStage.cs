using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Words;

/// <summary>Where in a command something happened.</summary>
[JsonConverter(typeof(WordConverter<SyncStage>))]
public enum SyncStage
{
    /// <summary>Settings, options or files, checked before anything else (exit code 2).</summary>
    Settings,

    /// <summary>Maps against tables, and what a run needs of the database, checked before anything is read.</summary>
    Plan,

    /// <summary>Reading Bubble.</summary>
    Extract,

    /// <summary>Mapping records to rows.</summary>
    Transform,

    /// <summary>Staging, merging and pruning in PostgreSQL.</summary>
    Load,

    /// <summary>The patches (post-load SQL).</summary>
    Patch,

    /// <summary>The run as a whole.</summary>
    Run,

    /// <summary>Reading the history of runs.</summary>
    Runs,
}
