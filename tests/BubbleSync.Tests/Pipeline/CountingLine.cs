using System.Runtime.CompilerServices;
using BubbleSync.Etl.Pipeline;

namespace BubbleSync.Tests.Pipeline;

/// <summary>Lines that numbers pass through.</summary>
internal static class CountingLine
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    public static Task RunAsync(RunPipeline run, Func<CancellationToken, IAsyncEnumerable<int>> source, PipelineFeed<int> line)
    {
        run.Step("source", "thing", token => line.PassAsync(source(token))).Feeds(line.Stages);
        return run.RunAsync();
    }

    public static async IAsyncEnumerable<int> CountAsync(int end, [EnumeratorCancellation] CancellationToken token, Action? made = null)
    {
        for (var i = 0; i < end; i++)
        {
            await Task.Yield();
            token.ThrowIfCancellationRequested();
            made?.Invoke();
            yield return i;
        }
    }
}
