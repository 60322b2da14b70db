using System.Collections.Concurrent;
using System.Diagnostics;

namespace BubbleSync.Tests.Performance;

/// <summary>Hears every statement that Npgsql sends, of the whole process.</summary>
internal sealed class StatementListener : IDisposable
{
    private readonly ConcurrentQueue<string> _texts = new();
    private readonly ActivityListener _spans;

    public StatementListener()
    {
        _spans = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (span.GetTagItem("db.query.text") is string text)
                    _texts.Enqueue(text);
            },
        };
        ActivitySource.AddActivityListener(_spans);
    }

    /// <summary>The statements that have ended.</summary>
    public IReadOnlyCollection<string> Texts => _texts;

    public void Dispose() => _spans.Dispose();
}
