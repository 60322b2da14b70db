namespace BubbleSync.Simulator.Storage;

/// <summary>Some rows of a search, and how many it has in all.</summary>
internal sealed record Page(IReadOnlyList<RecordPlace> Rows, long Total);
