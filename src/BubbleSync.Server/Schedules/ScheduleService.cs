using BubbleSync.Server.Runs;

namespace BubbleSync.Server.Schedules;

/// <summary>The schedules of all apps.</summary>
internal sealed class ScheduleService : BackgroundService
{
    private readonly Dictionary<string, List<ScheduleLoop>> _loops;

    /// <summary>Makes them; faults of the settings are found here, before the server starts.</summary>
    public ScheduleService(RunRegistry registry, TimeProvider clock, ILogger<ScheduleService> logger) =>
        _loops = registry.Workers.ToDictionary(
            worker => worker.App.Name,
            worker => AppSchedule.ReadAll(worker.App.Name, worker.App.Settings.Schedules).Select(s => new ScheduleLoop(worker, s, clock, logger)).ToList());

    /// <summary>Returns the schedules of an app.</summary>
    public IReadOnlyList<ScheduleView> Of(string app) => [.. _loops[app].Select(loop => loop.View)];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(_loops.Values.SelectMany(loops => loops).Select(loop => loop.WorkAsync(stoppingToken)));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server ends.
        }
    }
}
