using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Reports;
using Microsoft.Extensions.Logging;

namespace BubbleSync.Etl.Runs.Recording;

/// <summary>
/// Reports how work progresses, several times a second until it is disposed of, and then a last time.
/// A receiver that fails is not called again and does not affect the work.
/// </summary>
internal sealed class ProgressReporter : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private readonly PeriodicTimer _timer = new(Period);
    private readonly Func<RunProgress> _look;
    private readonly ILogger _logger;
    private readonly Task _telling;
    private IProgress<RunProgress>? _progress;

    /// <summary>Begins to report what <paramref name="look"/> returns; reports nothing where there is no receiver.</summary>
    public ProgressReporter(Func<RunProgress> look, IProgress<RunProgress>? progress, ILogger logger)
    {
        (_look, _progress, _logger) = (look, progress, logger);
        _telling = progress is null ? Task.CompletedTask : TellAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Report();
    }

    private async Task TellAsync()
    {
        while (await _timer.WaitForNextTickAsync())
            Report();
    }

    private void Report()
    {
        try
        {
            _progress?.Report(_look());
        }
#pragma warning disable CA1031 // The receiver belongs to the host: no exception of it stops the run.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _progress = null;
            _logger.ProgressFailed($"{failure.GetType().Name}: {failure.Message}");
        }
    }
}
