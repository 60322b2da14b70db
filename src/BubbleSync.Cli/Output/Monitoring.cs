using BubbleSync.Etl;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace BubbleSync.Cli.Output;

/// <summary>Sends spans and measurements by OTLP, each where the standard environment variables name a collector for it.</summary>
internal sealed class Monitoring : IDisposable
{
    private readonly TracerProvider? _spans;
    private readonly MeterProvider? _measurements;

    private Monitoring(OtlpSignal traces, OtlpSignal metrics)
    {
        if (traces.IsSent)
            _spans = Sdk.CreateTracerProviderBuilder()
                .ConfigureResource(Describe).AddSource(SyncEngine.TelemetryName).AddOtlpExporter(traces.Configure).Build();
        if (metrics.IsSent)
            _measurements = Sdk.CreateMeterProviderBuilder()
                .ConfigureResource(Describe).AddMeter(SyncEngine.TelemetryName).AddOtlpExporter(metrics.Configure).Build();
    }

    /// <summary>Begins to send; null where no collector is named.</summary>
    public static Monitoring? Start()
    {
        var (traces, metrics) = (new OtlpSignal("TRACES", Environment.GetEnvironmentVariable), new OtlpSignal("METRICS", Environment.GetEnvironmentVariable));
        return traces.IsSent || metrics.IsSent ? new Monitoring(traces, metrics) : null;
    }

    /// <summary>Sends the rest; waits a few seconds for a collector that does not answer, which is no error.</summary>
    public void Dispose()
    {
        _spans?.Dispose();
        _measurements?.Dispose();
    }

    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last and win.
    private static void Describe(ResourceBuilder resource) => resource.AddService("bubblesync").AddEnvironmentVariableDetector();
}
