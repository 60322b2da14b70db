using BubbleSync.Etl;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace BubbleSync.Cli.Output;

/// <summary>Sends spans and measurements by OTLP, where the standard environment variables name a collector.</summary>
internal sealed class Monitoring : IDisposable
{
    // opentelemetry.io/docs/specs/otel/protocol/exporter
    private static readonly string[] Endpoints = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];

    private readonly TracerProvider _spans = Sdk.CreateTracerProviderBuilder()
        .ConfigureResource(Describe).AddSource(SyncEngine.TelemetryName).AddOtlpExporter().Build();
    private readonly MeterProvider _measurements = Sdk.CreateMeterProviderBuilder()
        .ConfigureResource(Describe).AddMeter(SyncEngine.TelemetryName).AddOtlpExporter().Build();

    private Monitoring()
    {
    }

    /// <summary>Begins to send; null where no collector is named.</summary>
    public static Monitoring? Start() =>
        Endpoints.Any(name => !string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(name))) ? new Monitoring() : null;

    /// <summary>Sends the rest; waits a few seconds for a collector that does not answer, which is no error.</summary>
    public void Dispose()
    {
        _spans.Dispose();
        _measurements.Dispose();
    }

    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last and win.
    private static void Describe(ResourceBuilder resource) => resource.AddService("bubblesync").AddEnvironmentVariableDetector();
}
