using System.Text.Json.Serialization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Reports;

/// <summary>How a run ended, or that it has not.</summary>
[JsonConverter(typeof(WordConverter<RunStatus>))]
public enum RunStatus
{
    /// <summary>It goes on, or ended without closing its row.</summary>
    Running,

    /// <summary>All done.</summary>
    Succeeded,

    /// <summary>Done, but some records were rejected, a window was not verified, a prune was refused or a patch failed.</summary>
    Partial,

    /// <summary>Stopped. Nothing is half applied.</summary>
    Failed,

    /// <summary>Interrupted. Nothing is half applied.</summary>
    Cancelled,
}

/// <summary>What a run does.</summary>
[JsonConverter(typeof(WordConverter<RunKind>))]
public enum RunKind
{
    /// <summary>The full history (full refresh).</summary>
    Resync,

    /// <summary>What changed since the last verified reading.</summary>
    Incremental,

    /// <summary>Chosen invoices with their relations.</summary>
    [JsonStringEnumMemberName("sync invoice")]
    SyncInvoice,

    /// <summary>Chosen records of an entity with their relations.</summary>
    [JsonStringEnumMemberName("sync record")]
    SyncRecord,

    /// <summary>The records of a range of dates with their relations.</summary>
    [JsonStringEnumMemberName("sync range")]
    SyncRange,

    /// <summary>The patches alone.</summary>
    Patch,

    /// <summary>Rejected records of an earlier run, mapped once more.</summary>
    Reprocess,

    /// <summary>A comparison of records.</summary>
    Verify,

    /// <summary>An audit of single values.</summary>
    [JsonStringEnumMemberName("audit values")]
    AuditValues,

    /// <summary>An audit of fields, which a host may order like a run. The history has none.</summary>
    [JsonStringEnumMemberName("audit fields")]
    AuditFields,

    /// <summary>A kind that this version does not have.</summary>
    [UnknownWord]
    Other,
}

/// <summary>What a run is doing, or how it ended: its status, and whether it ended without writing one.</summary>
[JsonConverter(typeof(WordConverter<RunState>))]
public enum RunState
{
    /// <summary>It runs.</summary>
    Running,

    /// <summary>It ended unexpectedly, because its process was killed.</summary>
    Died,

    /// <summary>Everything was done.</summary>
    Succeeded,

    /// <summary>Something was left out.</summary>
    Partial,

    /// <summary>It stopped.</summary>
    Failed,

    /// <summary>A user stopped it.</summary>
    Cancelled,
}

/// <summary>What came of a patch.</summary>
[JsonConverter(typeof(WordConverter<PatchStatus>))]
public enum PatchStatus
{
    /// <summary>It ran.</summary>
    Succeeded,

    /// <summary>It failed and was rolled back.</summary>
    Failed,

    /// <summary>A table that it needs is missing.</summary>
    Skipped,
}

/// <summary>How grave something is.</summary>
[JsonConverter(typeof(WordConverter<Severity>))]
public enum Severity
{
    /// <summary>Worth knowing.</summary>
    Info,

    /// <summary>No failure, but something to look at.</summary>
    Warning,

    /// <summary>A failure.</summary>
    Error,
}

/// <summary>The stages before which messages wait.</summary>
[JsonConverter(typeof(WordConverter<QueueStage>))]
public enum QueueStage
{
    /// <summary>Reading; windows wait before it.</summary>
    Read,

    /// <summary>Mapping; pages wait before it.</summary>
    Map,

    /// <summary>Staging; pages wait before it.</summary>
    Stage,
}
