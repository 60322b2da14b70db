using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using BubbleSync.Cli.Output;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Xunit;

namespace BubbleSync.Tests.Diagnostics;

/// <summary>What the program itself sends to a collector and writes to stderr.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class MonitoringTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Spans_and_measurements_reach_the_collector_that_the_standard_variables_name()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 });
        var received = new ConcurrentDictionary<string, string>();
        await using var collector = await CollectorAsync(received);

        var outcome = await Bubblesync.RunAsync(
            fixture, [], new Dictionary<string,
            string>
            { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Urls.First(), ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf" }, "resync",
            "--entity", "agent");

        Assert.Equal(0, outcome.Code);
        Assert.All(["run", "entity", "window", "request", "copy", "merge", "patch", "bubblesync.entity"], name =>
            Assert.Contains(name, received["/v1/traces"], StringComparison.Ordinal));
        Assert.All(["bubblesync.records", "bubblesync.api.calls", "bubblesync.api.duration", "inserted"], name =>
            Assert.Contains(name, received["/v1/metrics"], StringComparison.Ordinal));
        // The bounds of the buckets are doubles in the message; the run tells the measurements of several runs of one process apart.
        Assert.All([0.005, 0.25, 1800], bound =>
            Assert.Contains(Encoding.Latin1.GetString(BitConverter.GetBytes(bound)), received["/v1/metrics"], StringComparison.Ordinal));
        Assert.Contains(await fixture.ScalarAsync<string>("select run_id::text from bubblesync.run") ?? "no run", received["/v1/metrics"],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signal_goes_to_the_collector_of_its_own_and_one_that_is_not_there_is_no_error()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var received = new ConcurrentDictionary<string, string>();
        await using var collector = await CollectorAsync(received);

        var outcome = await Bubblesync.RunAsync(
            fixture, [], new Dictionary<string,
            string>
            {
                ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = $"{collector.Urls.First()}/own",
                ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf",
                ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] = "http://127.0.0.1:9",
            }, "resync", "--entity", "agent");

        Assert.Equal(0, outcome.Code);
        Assert.Contains("merge", received["/own"], StringComparison.Ordinal);
        Assert.Single(received);
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317", true, true)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4317", true, false)]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://collector:4317", false, true)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector", false, false)]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", false, false)]
    public void Only_a_signal_with_a_collector_is_sent(string variable, string value, bool sendsSpans, bool sendsMeasurements)
    {
        bool IsSent(string signal) => new OtlpSignal(signal, name => name == variable ? value : null).IsSent;

        Assert.Equal((sendsSpans, sendsMeasurements), (IsSent("TRACES"), IsSent("METRICS")));
    }

    [Fact]
    public async Task The_log_goes_to_stderr_as_JSON_lines_with_event_ids()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 });

        var outcome = await Bubblesync.RunAsync(fixture, "resync", "--entity", "agent", "--log", "json", "--output", "json");

        Assert.Equal("succeeded", outcome.Json.GetProperty("status").GetString());
        var lines = outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal([1, 2], lines.Select(l => l.GetProperty("EventId").GetInt32()).Where(id => id < 10));
        Assert.DoesNotContain(lines, l => l.GetProperty("EventId").GetInt32() is 10 or 52);
    }

    [Fact]
    public async Task The_log_as_text_is_a_line_each_and_tells_more_with_verbose()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 });

        var outcome = await Bubblesync.RunAsync(fixture, "resync", "--entity", "agent", "--log", "text", "--verbose");

        Assert.All(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), line =>
            Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info|dbug|warn): BubbleSync\.Etl\.SyncEngine\[\d+\] ", line));
        Assert.Contains("BubbleSync.Etl.SyncEngine[10] agent: Created Date", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("records read", outcome.Error, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> CollectorAsync(ConcurrentDictionary<string, string> received)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var text = Encoding.Latin1.GetString(body.ToArray());
            received.AddOrUpdate(context.Request.Path, text, (_, before) => before + text);
        });
        await app.StartAsync();
        return app;
    }
}
