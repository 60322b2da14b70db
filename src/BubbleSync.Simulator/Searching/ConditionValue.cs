namespace BubbleSync.Simulator.Searching;

/// <summary>What a constraint brings along as its value.</summary>
internal enum ConditionValue
{
    None,
    One,
    Many,
}
