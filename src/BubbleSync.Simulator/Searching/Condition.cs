using BubbleSync.Simulator.Generation;

namespace BubbleSync.Simulator.Searching;

/// <summary>One constraint of a search, ready to be asked of a record.</summary>
internal sealed record Condition(Field Field, string Type, IReadOnlyList<IComparable> Operands, Func<RecordView, bool> Matches);
