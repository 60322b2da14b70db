using BubbleSync.Etl;
using BubbleSync.Server.Runs;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BubbleSync.Server;

/// <summary>Whether the databases of all apps answer.</summary>
internal sealed class DatabaseCheck(RunRegistry registry) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        foreach (var worker in registry.Workers)
        {
            try
            {
                await using var archive = await worker.Engine.OpenArchiveAsync(cancellationToken);
            }
            catch (SyncException unreachable)
            {
                return HealthCheckResult.Unhealthy($"{worker.App.Name}: {unreachable.Message}");
            }
        }

        return HealthCheckResult.Healthy();
    }
}
