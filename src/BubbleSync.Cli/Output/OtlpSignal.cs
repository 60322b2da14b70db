using System.Globalization;
using OpenTelemetry.Exporter;

namespace BubbleSync.Cli.Output;

/// <summary>
/// Where spans or measurements go. The exporter reads only the variables that are common to all signals; the variables of one signal, which win, are read here
/// (opentelemetry.io/docs/specs/otel/protocol/exporter).
/// </summary>
/// <param name="name">As it stands in the names of the variables: <c>TRACES</c> or <c>METRICS</c>.</param>
/// <param name="variable">Returns an environment variable, or null.</param>
internal sealed class OtlpSignal(string name, Func<string, string?> variable)
{
    private const string Common = "OTEL_EXPORTER_OTLP_";

    /// <summary>Whether a collector is named for it.</summary>
    public bool IsSent => Get($"OTEL_{name}_EXPORTER") != "none" && (Own("ENDPOINT") is { } own ? IsAddress(own) : Get($"{Common}ENDPOINT") is not null);

    /// <summary>Gives the exporter what the variables of this signal say. What cannot be used is ignored, as the exporter does with its own.</summary>
    public void Configure(OtlpExporterOptions options)
    {
        if (Own("PROTOCOL") is { } protocol)
            options.Protocol = protocol == "http/protobuf" ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        // Used as it is: only the common address gets the signal's path.
        if (Own("ENDPOINT") is { } address)
            options.Endpoint = new Uri(address);
        if (Own("HEADERS") is { } headers)
            options.Headers = headers;
        if (int.TryParse(Own("TIMEOUT"), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds))
            options.TimeoutMilliseconds = milliseconds;
    }

    private static bool IsAddress(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme is "http" or "https");

    private string? Own(string suffix) => Get($"{Common}{name}_{suffix}");

    private string? Get(string full) => variable(full) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;
}
