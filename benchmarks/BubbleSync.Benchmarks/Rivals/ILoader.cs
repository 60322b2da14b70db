namespace BubbleSync.Benchmarks.Rivals;

/// <summary>Writes new items to their table and overwrites those that are there. It is connected before the time is taken.</summary>
internal interface ILoader : IAsyncDisposable
{
    /// <summary>Loads the items.</summary>
    Task LoadAsync(Items items);
}
