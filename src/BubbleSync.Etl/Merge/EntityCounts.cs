using BubbleSync.Etl.Reports;

namespace BubbleSync.Etl.Merge;

/// <summary>What a merge did with an entity's records. Extracted = inserted + updated + unchanged + conflicts + rejected, always.</summary>
internal sealed record EntityCounts(StagedCounts Prepared, long Inserted, long Updated, long Conflicts, long? NotInBubble)
{
    /// <summary>Nothing was staged.</summary>
    public static EntityCounts None { get; } = new(new StagedCounts(0, 0, 0, 0, 0, IsFirstLoad: false, HasEarlierRejects: false), 0, 0, 0, null);

    /// <summary>Values that are kept here though the records do not carry them.</summary>
    public AbsentKept AbsentKept { get; init; }

    /// <summary>Columns that were not cleared, because too many of their values would be lost.</summary>
    public IReadOnlyList<ClearRefusal> ClearRefused { get; init; } = [];

    /// <summary>Whether rows are there now that were not, or that were marked as deleted.</summary>
    public bool HasNewRows { get; init; }

    /// <summary>Of the unchanged ones, records that have no row: a backfill inserts none.</summary>
    public long Rowless { get; init; }

    /// <summary>The columns of a backfill in which rows keep another value than Bubble has.</summary>
    public IReadOnlyList<string> Held { get; init; } = [];

    /// <summary>Table errors other than refused records.</summary>
    public IReadOnlyList<SyncError> Errors { get; init; } = [];

    /// <summary>Records that are in the table as Bubble has them, or newer.</summary>
    public long Unchanged => Prepared.Extracted - Inserted - Updated - Conflicts - Prepared.Rejected;
}

/// <summary>Values that are kept here though the records read do not carry them.</summary>
/// <param name="Values">Those of plain columns.</param>
/// <param name="Links">Those of links, perhaps from a patch.</param>
internal readonly record struct AbsentKept(long Values, long Links);
