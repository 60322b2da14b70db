namespace BubbleSync.Simulator;

/// <summary>What a fault may be given after <c>=</c>.</summary>
public enum FaultArgument
{
    /// <summary>Nothing: the fault is on or off.</summary>
    None,

    /// <summary>How many of a hundred requests it strikes (<c>5</c>, <c>0.5</c>), or only the first few (<c>3x</c>).</summary>
    Percent,

    /// <summary>A number, the same for each type (<c>10</c>) or for one only (<c>invoice:10</c>).</summary>
    Number,

    /// <summary>A list of types, separated by commas; <c>*</c> for all of them.</summary>
    Types,

    /// <summary>Three percentages, separated by commas.</summary>
    Rates,
}
