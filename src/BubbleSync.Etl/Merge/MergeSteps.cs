namespace BubbleSync.Etl.Merge;

/// <summary>How a merge writes its rows.</summary>
internal enum MergeSteps
{
    /// <summary>All in one statement.</summary>
    AtOnce,

    /// <summary>Rows first give up unique values that others take, then all in one statement.</summary>
    ValuesFirst,

    /// <summary>The same, then one record after the other, in any order in which they fit.</summary>
    OneByOne,
}
