using BubbleSync.Server.Apps;

namespace BubbleSync.Server.Runs;

/// <summary>The workers of all apps, and their runs.</summary>
internal sealed class RunRegistry(IReadOnlyList<AppSettings> apps, TimeProvider clock, ILoggerFactory loggers) : IDisposable
{
    /// <summary>The workers, one for each app.</summary>
    public IReadOnlyList<AppWorker> Workers { get; } = [.. apps.Select(app => new AppWorker(app, clock, loggers))];

    /// <summary>Returns the worker of an app, or null.</summary>
    public AppWorker? FindApp(string name) => Workers.FirstOrDefault(worker => worker.App.Name == name);

    /// <summary>Returns a run that the server remembers, or null.</summary>
    public ServerRun? Find(Guid id) => Workers.Select(worker => worker.Find(id)).FirstOrDefault(run => run is not null);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var worker in Workers)
            worker.Dispose();
    }
}
