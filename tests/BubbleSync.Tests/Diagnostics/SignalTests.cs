using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Microsoft.Extensions.Logging;
using Xunit;

namespace BubbleSync.Tests.Diagnostics;

/// <summary>What a run tells to monitoring systems and logs, and what it never does. Listeners hear the whole process, so nothing runs beside.</summary>
[Collection(nameof(Alone))]
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class SignalTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Secret = "Ann Only-In-Records";

    [Fact]
    public async Task Spans_tell_run_entity_window_request_copy_merge_and_patch_under_one_trace()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 50 });
        using var heard = new Listener();

        var report = await fixture.ResyncAsync("agent", "customer");

        var run = Assert.Single(heard.Spans, s => s.OperationName == "run");
        Assert.Equal($"{report.RunId}", run.GetTagItem("bubblesync.run")?.ToString());
        Assert.Equal(["copy", "entity", "merge", "patch", "request", "run", "window"], heard.Spans.Select(s => s.OperationName)
            .Distinct().Order(StringComparer.Ordinal));
        Assert.All(heard.Spans, s => Assert.Equal(run.TraceId, s.TraceId));
        Assert.Equal(report.Api.Calls, heard.Spans.Count(s => s.OperationName == "request"));
        Assert.Equal(["agent", "customer"], heard.Spans.Where(s => s.OperationName == "merge").Select(s => s.GetTagItem("bubblesync.entity")).Order());
        Assert.Equal(report.Patches.Select(p => p.Name), heard.Spans.Where(s => s.OperationName == "patch")
            .OrderBy(s => s.StartTimeUtc).Select(s => s.GetTagItem("bubblesync.patch")));
    }

    [Fact]
    public async Task Measurements_add_up_to_the_report()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 100, Faults = ["429=1x", "bad-records=5"] });
        using var heard = new Listener();

        var report = await fixture.ResyncAsync("agent", "customer");

        Assert.Equal(
            report.Entities.Sum(e => e.Inserted),
            heard.Sum("bubblesync.records", ("bubblesync.run", $"{report.RunId}"), ("bubblesync.outcome", "inserted")));
        Assert.Equal(report.Api, new ApiCounts(
            (long)heard.Sum("bubblesync.api.calls"), (long)heard.Sum("bubblesync.api.calls", ("bubblesync.retry", true)),
            (long)heard.Sum("bubblesync.api.throttled"), (long)heard.Sum("bubblesync.api.bytes")));
        foreach (var entity in report.Entities)
        {
            Assert.Equal(entity.Inserted, heard.Sum("bubblesync.records", ("bubblesync.entity", entity.Name), ("bubblesync.outcome", "inserted")));
            Assert.Equal(entity.Rejected, heard.Sum("bubblesync.records", ("bubblesync.entity", entity.Name), ("bubblesync.outcome", "rejected")));
        }

        Assert.True(heard.Sum("bubblesync.api.duration") > 0);
        Assert.True(heard.Sum("bubblesync.stage.duration", ("bubblesync.stage", "copy")) > 0);
        Assert.True(heard.Sum("bubblesync.api.throttle_wait") > 0);
    }

    [Fact]
    public async Task Gauges_show_a_run_while_it_lives()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 50 });
        using var heard = new Listener();
        var names = new List<string>();
        fixture.Bubble.Traffic.OnRequest = _ =>
        {
            lock (names)
                names.AddRange(heard.Observe());
            return Task.CompletedTask;
        };

        await fixture.ResyncAsync("agent");

        Assert.Subset(names.ToHashSet(), new HashSet<string> { "bubblesync.api.in_flight", "bubblesync.api.allowed", "bubblesync.queue.depth" });
        Assert.DoesNotContain(heard.Observe(), n => n.StartsWith("bubblesync", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_log_has_event_ids_and_neither_values_nor_the_token()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = ["503=1x"] });
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, $"\"Name\": \"{Secret}\", \"Commission\": \"{Secret}\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, $"\"Name\": \"{Secret}\""));
        var log = new ListLogger();
        using var heard = new Listener();

        var report = await new SyncEngine(fixture.Settings, fixture.Clock, log).ResyncAsync(new ResyncOptions { Entities = ["agent"] }, null, fixture.Limit);

        Assert.Equal(RunStatus.Partial, report.Status);
        Assert.Subset(log.Lines.Select(l => l.Id.Id).ToHashSet(), new HashSet<int> { 1, 2, 10, 40, 50, 51, 52 });
        Assert.Contains(log.Lines, l => l is { Level: LogLevel.Information } && l.Text == "load: agent: merged 2: 1 inserted, 0 updated, 0 unchanged, 0 "
            + "conflicts, 1 rejected");
        Assert.DoesNotContain(
            log.Lines, l => l.Text.Contains(Secret, StringComparison.Ordinal) || l.Text.Contains(fixture.Settings.Bubble.ApiToken!, StringComparison.Ordinal));
        Assert.DoesNotContain(heard.Spans.SelectMany(s => s.TagObjects), t => $"{t.Value}".Contains(Secret, StringComparison.Ordinal));
        Assert.Contains("load|agent: merged 2: 1 inserted, 0 updated, 0 unchanged, 0 "
            + "conflicts, 1 rejected", await fixture.RowsAsync("select stage, message from bubblesync.activity_log where level = 'info'"));
    }

    [Fact]
    public async Task A_body_that_is_cut_off_is_described_and_not_quoted()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = ["truncated=100"] });
        fixture.Put("agent",
            $$"""{"Name": "{{Secret}}", "_id": "{{SyncFixture.Id(1)}}", "Created Date": "{{SyncFixture.Early}}", "Modified """
                + $$"""Date": "{{SyncFixture.Early}}", "Banker": "{{new string('x', 200)}}"}""");
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxAttempts = 2, PatienceSeconds = 0 } };
        var log = new ListLogger();

        var report = await new SyncEngine(fixture.Settings, fixture.Clock, log).ResyncAsync(new ResyncOptions { Entities = ["agent"] }, null, fixture.Limit);

        Assert.Contains("it breaks at line 1, byte", Assert.Single(report.Errors).Message, StringComparison.Ordinal);
        Assert.Contains(log.Lines, l => l.Id.Id == 50);
        Assert.DoesNotContain(
            log.Lines.Select(l => l.Text).Append(report.ToJson()).Concat(await fixture.RowsAsync("select message from bubblesync.activity_log")), t =>
                t.Contains(Secret, StringComparison.Ordinal));
    }
}
