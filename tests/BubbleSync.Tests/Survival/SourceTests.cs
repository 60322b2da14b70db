using System.Collections.Concurrent;
using System.Diagnostics;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>A source that fails: exact end state, true counts, and an end in bounded time where it stays dead.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class SourceTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly string[] Throttling = ["429", "429-bare", "503"];
    private static readonly string[] Failing = ["408", "500", "502", "504", "reset", "truncated", "truncated-http", "html", "contradicts", "drip"];

    private static IReadOnlyList<string>? _calm;

    [Theory]
    [InlineData("429", 20)]
    [InlineData("429-bare", 20)]
    [InlineData("503", 20)]
    [InlineData("408", 20)]
    [InlineData("502", 20)]
    [InlineData("504", 20)]
    [InlineData("contradicts", 20)]
    [InlineData("drip", 20)]
    [InlineData("throttling", 5)]
    [InlineData("failing", 5)]
    [InlineData("everything", 1)]
    public async Task What_fails_now_and_then_changes_nothing_and_is_counted_truly(string what, int percent)
    {
        string[] faults = what switch { "throttling" => Throttling, "failing" => Failing, "everything" => [.. Throttling, .. Failing], _ => [what] };
        await using var fixture = await OpenAsync([.. faults.Select(fault => $"{fault}={percent}")]);
        _calm ??= await CalmAsync();
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxAttempts = 12 } };

        var report = await fixture.ResyncAsync();

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        Assert.Equal(_calm, await fixture.EndStateAsync());
        Assert.Equal(fixture.Bubble.Traffic.Requests, report.Api.Calls);
        Assert.Equal(Repeats(fixture), report.Api.Retries);
        if (faults.All(Throttling.Contains))
            Assert.Equal(report.Api.Retries, report.Api.Throttled);
        else if (!faults.Any(Throttling.Contains))
            Assert.Equal(0, report.Api.Throttled);
        else
            Assert.InRange(report.Api.Throttled, 1, report.Api.Retries);
        Assert.Equal(what != "drip", report.Api.Retries > 0);
    }

    [Fact]
    public async Task A_request_that_is_never_answered_is_given_up_and_sent_again()
    {
        await using var fixture = await OpenAsync("stall=3x");
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { TimeoutSeconds = 60 } };

        var report = await fixture.ResyncAsync();

        Assert.Equal((RunStatus.Succeeded, 3L, 0L), (report.Status, report.Api.Retries, report.Api.Throttled));
        Assert.Equal(_calm ??= await CalmAsync(), await fixture.EndStateAsync());
    }

    [Fact]
    public async Task A_source_that_dies_on_the_way_ends_the_run_soon_and_once_it_lives_again_the_run_goes_on()
    {
        const int Alive = 60;
        // Four windows, each of one request after the other, and a count of each of eight types.
        const int MostOpen = 8 * 5;
        await using var fixture = await OpenAsync();
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { PatienceSeconds = 30 } };
        var refused = new ConcurrentQueue<string>();
        _ = new Pages(fixture, (number, request) =>
        {
            if (number <= Alive)
                return Task.CompletedTask;

            refused.Enqueue($"{request.Type} {request.Line}");
            // What a hook throws, Kestrel answers with 500.
            throw new InvalidOperationException("dead");
        });

        var report = await fixture.ResyncAsync();

        Assert.Equal(RunStatus.Failed, report.Status);
        Assert.Contains(
            report.Errors, e => e is { Code: ErrorCode.SourceBusy, Stage: SyncStage.Extract } && e.Message.Contains("500", StringComparison.Ordinal));
        // Those that were under way, then one at a time.
        Assert.InRange(refused.Distinct().Count(), 1, MostOpen);
        Assert.InRange(refused.Count, fixture.Settings.Bubble.MaxAttempts, 40);

        var known = await Pages.ProvedAsync(fixture);
        var pages = new Pages(fixture);
        var resumed = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal(RunStatus.Succeeded, resumed.Status);
        Assert.NotEmpty(known);
        pages.AssertNotRead(known);
        Assert.Equal(_calm ??= await CalmAsync(), await fixture.EndStateAsync());
    }

    [Fact]
    public async Task A_source_that_gives_no_good_answer_at_all_ends_the_run_once_patience_is_over()
    {
        await using var fixture = await OpenAsync("500=100");
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { PatienceSeconds = 60 } };

        var report = await fixture.ResyncAsync();

        Assert.Equal(RunStatus.Failed, report.Status);
        Assert.Contains(
            report.Errors,
            e => e is { Code: ErrorCode.SourceBusy, Stage: SyncStage.Extract }
                && e.Message.Contains("500", StringComparison.Ordinal)
                && e.Message.Contains("resume the run", StringComparison.Ordinal));
        Assert.Contains(report.NextActions, a => a.Kind == NextActionKind.Resume);
        Assert.InRange(fixture.Bubble.Traffic.Requests, 8, 40);
    }

    [Fact]
    public async Task An_outage_of_two_minutes_is_outlasted_by_default()
    {
        const int Alive = 60;
        await using var fixture = await OpenAsync();
        long? died = null;
        _ = new Pages(fixture, (number, _) =>
        {
            if (number <= Alive)
                return Task.CompletedTask;

            died ??= fixture.Clock.GetTimestamp();
            return fixture.Clock.GetElapsedTime(died.Value) > TimeSpan.FromMinutes(2)
                ? Task.CompletedTask
                : throw new InvalidOperationException("dead for a while");
        });

        var report = await fixture.ResyncAsync();

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        Assert.Equal(_calm ??= await CalmAsync(), await fixture.EndStateAsync());
    }

    [Fact]
    public async Task What_cannot_be_resumed_does_not_say_so()
    {
        await using var fixture = await OpenAsync("500=100");
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { PatienceSeconds = 20 } };

        var verified = await fixture.Engine().VerifyAsync(new VerifyOptions(), null, fixture.Limit);
        var synced = await fixture.Engine().SyncInvoicesAsync([SyncFixture.Id(1)], new InvoiceSyncOptions(), null, fixture.Limit);
        var dry = await fixture.ResyncAsync(new ResyncOptions { DryRun = true });

        Assert.All([verified.Run, synced.Run, dry], run =>
        {
            var error = run.Errors.First(e => e.Code == ErrorCode.SourceBusy);
            Assert.Contains("run the same command again", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("--resume", error.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task A_host_that_no_name_server_knows_ends_with_3_and_its_name()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var watch = Stopwatch.StartNew();

        (string, string)[] settings = [("Bubble__BaseUrl", "https://no-such-host.invalid/api/1.1"), ("Bubble__PatienceSeconds", "2")];
        var outcome = await Bubblesync.RunAsync(fixture, settings, "resync", "--output", "json");

        Assert.Equal((3, "failed"), (outcome.Code, outcome.Json.GetProperty("status").GetString()));
        Assert.All(outcome.Json.GetProperty("errors")
            .EnumerateArray(), e => Assert.Contains("no-such-host.invalid", e.GetProperty("message").GetString()!, StringComparison.Ordinal));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(60));
    }

    // Requests that were sent more than once; each type is counted twice as a whole, by the same request before and after.
    private static long Repeats(SyncFixture fixture)
    {
        Assert.True(fixture.Bubble.Traffic.Requests < new SimulatorOptions().RecentRequests);
        return fixture.Bubble.Traffic.Requests - fixture.Bubble.Traffic.Recent.Distinct().Count() - Maps.All.Count;
    }

    private async Task<IReadOnlyList<string>> CalmAsync()
    {
        await using var fixture = await OpenAsync();
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync()).Status);
        return await fixture.EndStateAsync();
    }

    private async Task<SyncFixture> OpenAsync(params string[] faults)
    {
        var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20, Faults = faults, DripPause = TimeSpan.FromMilliseconds(2) }))
            .With(windowSize: 12, pageSize: 5);
        fixture.Clock = new FastClock(30);
        return fixture;
    }
}
