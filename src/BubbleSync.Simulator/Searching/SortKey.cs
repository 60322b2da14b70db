using BubbleSync.Simulator.Generation;

namespace BubbleSync.Simulator.Searching;

/// <summary>One field to sort by.</summary>
internal sealed record SortKey(Field Field, bool Descending);
