namespace BubbleSync.Etl.Graph;

/// <summary>Tells how work is getting on, several times a second until it is disposed of, and then once more.</summary>
internal sealed class ProgressTeller : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private readonly PeriodicTimer _timer = new(Period);
    private readonly Func<RunProgress> _look;
    private readonly IProgress<RunProgress>? _progress;
    private readonly Task _telling;

    /// <summary>Begins to tell what <paramref name="look"/> sees; tells nothing where nobody listens.</summary>
    public ProgressTeller(Func<RunProgress> look, IProgress<RunProgress>? progress)
    {
        (_look, _progress) = (look, progress);
        _telling = progress is null ? Task.CompletedTask : TellAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _progress?.Report(_look());
    }

    private async Task TellAsync()
    {
        while (await _timer.WaitForNextTickAsync())
            _progress!.Report(_look());
    }
}
