namespace BubbleSync.Etl.Load;

/// <summary>What a merge did with an entity's records. Extracted = inserted + updated + unchanged + conflicts + rejected, always.</summary>
internal sealed record EntityCounts(SettledCounts Settled, long Inserted, long Updated, long Conflicts, long? NotInBubble)
{
    /// <summary>Records that are in the table as Bubble has them, or newer.</summary>
    public long Unchanged => Settled.Extracted - Inserted - Updated - Conflicts - Settled.Rejected;
}
