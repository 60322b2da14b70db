using System.Text.Json.Serialization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Reports;

/// <summary>The state of an entity, or of the whole mirror, like a traffic light.</summary>
[JsonConverter(typeof(WordConverter<StatusLight>))]
public enum StatusLight
{
    /// <summary>Nothing to do.</summary>
    Ok,

    /// <summary>Worth a look; the next sync may settle it.</summary>
    Look,

    /// <summary>It needs a hand.</summary>
    Act,
}

/// <summary>What a status found.</summary>
[JsonConverter(typeof(WordConverter<StatusFindingKind>))]
public enum StatusFindingKind
{
    /// <summary>The table is missing.</summary>
    TableMissing,

    /// <summary>The table lacks a column that the map writes, or has one that does not fit.</summary>
    ColumnMissing,

    /// <summary>No run has read the entity completely, so that there is no watermark.</summary>
    NeverRead,

    /// <summary>The last run failed, was interrupted or ended unexpectedly.</summary>
    RunFailed,

    /// <summary>The last run could not verify that it read everything.</summary>
    Unverified,

    /// <summary>Records are older in Bubble than here.</summary>
    OlderInBubble,

    /// <summary>The last run left something out for another reason.</summary>
    RunPartial,

    /// <summary>Bubble does not show the records of so many rows that a right may be lost.</summary>
    ManyGone,

    /// <summary>A patch failed when it ran last.</summary>
    PatchFailed,

    /// <summary>Records were rejected, and not loaded since.</summary>
    Rejected,

    /// <summary>Rows lack values of columns that the map gained.</summary>
    Unfilled,

    /// <summary>Rows may hold values that their line of the map does not give.</summary>
    Outdated,

    /// <summary>Columns were not cleared, because too many of their values would have gone.</summary>
    NotCleared,

    /// <summary>A comparison found differences, and no other was made since.</summary>
    Differs,

    /// <summary>Rows were edited both in Bubble and here, and kept.</summary>
    Conflict,

    /// <summary>Bubble could not be asked.</summary>
    NotCounted,

    /// <summary>The watermark is old.</summary>
    Stale,

    /// <summary>Bubble has another number of records than the table.</summary>
    CountsDiffer,

    /// <summary>Rows whose records are known to be deleted in Bubble.</summary>
    NotInBubble,

    /// <summary>Bubble sends a field that no line of the map reads.</summary>
    FieldUnread,
}
