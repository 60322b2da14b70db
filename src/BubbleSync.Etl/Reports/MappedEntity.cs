namespace BubbleSync.Etl.Reports;

/// <summary>An entity that is mapped.</summary>
/// <param name="Name">Its name.</param>
/// <param name="BubbleType">The Bubble type that it is read from.</param>
/// <param name="Table">The table that it is written to.</param>
/// <param name="Level">Its level (load order).</param>
public sealed record MappedEntity(string Name, string BubbleType, string Table, int Level);
