using BubbleSync.Etl;
using OpenTelemetry;
using OpenTelemetry.Resources;

namespace BubbleSync.Server;

/// <summary>Sends spans and measurements by OTLP where the standard environment variables name a collector.</summary>
internal static class Monitoring
{
    private const string Prefix = "OTEL_EXPORTER_OTLP_";

    private static readonly string[] Endpoints = [$"{Prefix}ENDPOINT", $"{Prefix}TRACES_ENDPOINT", $"{Prefix}METRICS_ENDPOINT"];

    /// <summary>Registers it. The variables of OpenTelemetry say where, how and what.</summary>
    public static void AddMonitoring(this IServiceCollection services)
    {
        if (Array.TrueForAll(Endpoints, name => string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(name))))
            return;

        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("bubblesync-server").AddEnvironmentVariableDetector())
            .WithTracing(traces => traces.AddSource(SyncEngine.TelemetryName))
            .WithMetrics(metrics => metrics.AddMeter(SyncEngine.TelemetryName))
            .UseOtlpExporter();
    }
}
