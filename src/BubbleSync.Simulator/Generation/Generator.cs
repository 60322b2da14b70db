namespace BubbleSync.Simulator.Generation;

/// <summary>Writes generated records on demand; nothing generated is kept.</summary>
internal sealed class Generator(Dataset dataset, bool idKeys, int longestList)
{
    public int LongestList => longestList;

    public bool CutsLists => longestList != int.MaxValue;

    public Draft Draft(Utf8Output output) => new(dataset, output, idKeys, longestList);
}
