using System.Threading.Channels;
using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Server.Runs;

namespace BubbleSync.Server.Webhooks;

/// <summary>
/// Notifies the webhooks of runs that failed or are partial, and of watermarks that are too old. Notices wait in a short queue; runs never wait for them.
/// </summary>
internal sealed class WebhookService(RunRegistry registry, WebhookSender sender, TimeProvider clock, ILogger<WebhookService> logger) : BackgroundService
{
    private const int MostWaiting = 100;
    private const int MostErrors = 3;

    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly Channel<(ServerSettings To, WebhookNotice Notice)> _waiting =
        Channel.CreateBounded<(ServerSettings, WebhookNotice)>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var worker in registry.Workers.Where(w => w.App.Settings.Server.Webhook is not null))
            worker.Ended += run => Add(worker, run);
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var watched = registry.Workers.Where(w => w.App.Settings.Server is { Webhook: not null, FreshnessMinutes: > 0 });
        try
        {
            await Task.WhenAll([SendAsync(stoppingToken), .. watched.Select(worker => WatchAsync(worker, stoppingToken))]);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server ends.
        }
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        await foreach (var (to, notice) in _waiting.Reader.ReadAllAsync(cancellationToken))
            await sender.SendAsync(to, notice, cancellationToken);
    }

    private void Add(AppWorker worker, ServerRun run)
    {
        if (run is not { Outcome: { } outcome, View: { Status: RunPhase.Failed or RunPhase.Partial } view })
            return;

        // Errors of single records are for the database, not for a chat.
        var errors = outcome.Report.Errors.Where(e => e is { BubbleId: null, Code: not ErrorCode.Rejected }).Take(MostErrors).ToList();
        var why = errors.Count > 0 ? errors[0].Message : "some records need a hand.";
        Add(worker, new WebhookNotice(
            view.Status == RunPhase.Failed ? WebhookEvent.Failed : WebhookEvent.Partial, view.App, clock.GetUtcNow(),
            $"bubblesync {view.App}: {Word.Of(view.Kind)} {Word.Of(view.Status)}: {why} Run {run.Id}")
        {
            RunId = run.Id,
            Kind = view.Kind,
            Errors = errors,
        });
    }

    private void Add(AppWorker worker, WebhookNotice notice) => _waiting.Writer.TryWrite((worker.App.Settings.Server, notice));

    // A notice when the first watermark grows old, and one when none is any more.
    private async Task WatchAsync(AppWorker worker, CancellationToken cancellationToken)
    {
        var wasOld = false;
        using var timer = new PeriodicTimer(Period, clock);
        do
        {
            var old = await OldAsync(worker, cancellationToken);
            if (old is not null && wasOld != old.Count > 0)
            {
                wasOld = !wasOld;
                var what = wasOld ? $"not synced in time: {string.Join(", ", old)}" : "all entities are synced again";
                var kind = wasOld ? WebhookEvent.Stale : WebhookEvent.Fresh;
                Add(worker, new WebhookNotice(kind, worker.App.Name, clock.GetUtcNow(), $"bubblesync {worker.App.Name}: {what}.") { Entities = old });
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private async Task<IReadOnlyList<string>?> OldAsync(AppWorker worker, CancellationToken cancellationToken)
    {
        try
        {
            var status = await worker.Engine.StatusAsync(new StatusOptions { Offline = true }, cancellationToken);
            var oldest = clock.GetUtcNow() - TimeSpan.FromMinutes(worker.App.Settings.Server.FreshnessMinutes);
            return [.. status.Entities.Where(e => e.Watermark is null || e.Watermark < oldest).Select(e => e.Name)];
        }
        catch (SyncException unreadable)
        {
            logger.WatermarksUnreadable(worker.App.Name, unreadable.Message);
            return null;
        }
    }
}
