using System.Text.Json.Serialization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Server.Runs;

/// <summary>What a run does.</summary>
[JsonConverter(typeof(WordConverter<SyncKind>))]
internal enum SyncKind
{
    /// <summary>Syncs invoices with all that belongs to them.</summary>
    Invoice,

    /// <summary>Syncs records of an entity with all that belongs to them.</summary>
    Record,

    /// <summary>Syncs the records of an entity whose Modified Date lies in a range.</summary>
    Range,

    /// <summary>Syncs what was modified since the last run.</summary>
    Incremental,

    /// <summary>Reads and merges all records.</summary>
    Resync,

    /// <summary>Compares Bubble with the tables.</summary>
    Verify,

    /// <summary>Loads rejected records of an earlier run again.</summary>
    Reprocess,

    /// <summary>Runs the patches alone.</summary>
    Patch,

    /// <summary>Reads all records and counts which fields are mapped, sent and stored.</summary>
    Fields,
}

/// <summary>The state of a run.</summary>
[JsonConverter(typeof(WordConverter<RunPhase>))]
internal enum RunPhase
{
    /// <summary>It waits for the run before it.</summary>
    Queued,

    /// <summary>It is under way.</summary>
    Running,

    /// <summary>All is done.</summary>
    Succeeded,

    /// <summary>It is done, but something needs a hand.</summary>
    Partial,

    /// <summary>It stopped early.</summary>
    Failed,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}
