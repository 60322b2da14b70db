namespace BubbleSync.Simulator.Storage;

/// <summary>Where a record is: stored, or generated from its index.</summary>
internal readonly record struct RecordPlace(long Index, StoredRecord? Stored = null);
