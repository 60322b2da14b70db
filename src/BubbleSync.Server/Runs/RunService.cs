namespace BubbleSync.Server.Runs;

/// <summary>
/// Keeps the workers going. When the server ends, runs end in good order first. What takes too long is stopped, and nothing is half merged then either.
/// </summary>
internal sealed class RunService(RunRegistry registry, TimeProvider clock) : IHostedService
{
    /// <summary>How long runs may take to end in good order.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(45);

    private Task _work = Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _work = Task.WhenAll(registry.Workers.Select(worker => Task.Run(worker.WorkAsync, CancellationToken.None)));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var worker in registry.Workers)
            worker.Stop();
        try
        {
            await _work.WaitAsync(Grace, clock, cancellationToken);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            foreach (var worker in registry.Workers)
                worker.Abort();
            await _work.WaitAsync(CancellationToken.None);
        }
    }
}
