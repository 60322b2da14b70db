using BubbleSync.Etl;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Server.Runs;

/// <summary>
/// When the server starts, resumes the last resync of each app if it ended unexpectedly. The run lock shows whether a run of another server is under way.
/// </summary>
internal sealed class ResumeService(RunRegistry registry, ILogger<ResumeService> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(registry.Workers.Select(worker => ResumeAsync(worker, stoppingToken)));

    private async Task ResumeAsync(AppWorker worker, CancellationToken cancellationToken)
    {
        try
        {
            await using var archive = await worker.Engine.OpenArchiveAsync(cancellationToken);
            var last = await archive.ListAsync(1, RunKind.Resync, null, cancellationToken);
            if (last is [{ Died: true, DryRun: false } died])
            {
                logger.Resumed(worker.App.Name, died.RunId);
                worker.Submit(new RunOrder { Kind = SyncKind.Resync, Run = died.RunId }, null);
            }
        }
        catch (SyncException unreadable)
        {
            logger.HistoryUnreadable(worker.App.Name, "nothing is resumed", unreadable.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The server ends.
        }
    }
}
