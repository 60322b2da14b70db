namespace BubbleSync.Etl.Messages;

/// <summary>The number of records that are here, in a range.</summary>
/// <param name="Dated">Those whose Created Date lies in it.</param>
/// <param name="Undated">Those known to have no Created Date, of any range.</param>
/// <param name="Middle">The Created Date in the middle of the former; null where there are none, or where it was not asked for.</param>
internal sealed record RangeCount(long Dated, long Undated, DateTimeOffset? Middle)
{
    /// <summary>Rejected records without a usable id, of any range.</summary>
    public long Unnamed { get; init; }

    /// <summary>A checksum of the ids of those with a Created Date, in any order; 0 where it was not computed.</summary>
    public long Ids { get; init; }

    /// <summary>All of them.</summary>
    public long All => Dated + Undated + Unnamed;
}

/// <summary>What the last sync noted about the rows of an entity, and what has changed since.</summary>
/// <param name="Undated">Records without Created Date; null where it noted nothing.</param>
/// <param name="Changed">Ranges in which rows were inserted or deleted here, other than by a sync. Equal counts verify nothing there.</param>
internal sealed record NotedRows(long? Undated, IReadOnlyList<Window> Changed)
{
    /// <summary>A range of which no row is noted. Equal counts verify nothing there either, unless both sides have no record in it.</summary>
    public Window? Unnoted { get; init; }

    /// <summary>Whether rows that are not noted are here.</summary>
    public bool HasLaterRows { get; init; }

    /// <summary>Whether changes were read. If not, another number of records without Created Date shows that some are new.</summary>
    public bool AreChangesRead { get; init; }
}
