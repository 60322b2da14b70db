using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>Answers that are not true: what comes of them is right, or the run says loudly that it may not be.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class LieTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("duplicates=30")]
    [InlineData("duplicates=5")]
    [InlineData("constraints-ignored=30")]
    [InlineData("constraints-ignored=5")]
    [InlineData("ceiling=25")]
    [InlineData("ceiling=5")]
    [InlineData("limit-cap=1")]
    [InlineData("limit-cap=3", "unstable-ties", "dense=invoice:35", "undated=3", "twins=2")]
    [InlineData("limit-cap=4", "duplicates=10", "constraints-ignored=3")]
    [InlineData("remaining-absent", "limit-cap=7")]
    public async Task Nothing_is_missing_in_silence(params string[] faults)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 90, Faults = faults }))
            .With(windowSize: 30, pageSize: 10);

        var report = await fixture.ResyncAsync("invoice");

        var missing = fixture.Bubble.Records.All("invoice").Select(text => JsonNode.Parse(text)!["_id"]!.GetValue<string>())
            .Except(await fixture.RowsAsync("select bubble_id from invoice")).ToList();
        Assert.True(missing.Count == 0 || report.Status != RunStatus.Succeeded, $"{missing.Count} records are missing, and the run says: {report.ToJson()}");
        Assert.Equal(report.Status != RunStatus.Succeeded, report.Errors.Any(e => e is { Stage: SyncStage.Extract, Entity: "invoice" }));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(30)]
    [InlineData(100)]
    public async Task A_remaining_that_is_wrong_now_and_then_hides_nothing_in_silence(int percent)
    {
        var silent = new List<string>();
        for (var seed = 1; seed <= 5; seed++)
        {
            await using var fixture =
                (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 90, Seed = seed, Faults = [$"remaining-wrong={percent}"] }))
                .With(windowSize: 30, pageSize: 10);
            fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxAttempts = 2, PatienceSeconds = 0 } };
            var report = await fixture.ResyncAsync("invoice");
            var missing = fixture.Bubble.Records.Count("invoice") - await fixture.ScalarAsync<long>("select count(*) from invoice");
            if (missing > 0 && report.Status == RunStatus.Succeeded)
                silent.Add($"seed {seed}: {missing} missing: {report.ToJson()}");
        }

        Assert.True(silent.Count == 0, string.Join('\n', silent));
    }

    [Fact]
    public async Task A_window_that_hides_the_same_rows_whenever_it_is_read_is_found_out_by_the_counts()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 60 })).With(windowSize: 30, pageSize: 10);
        await using var liar = await LiarAsync(
            fixture, query => query["limit"] == "10" && query["constraints"].ToString().Contains("less than", StringComparison.Ordinal), NoneRemain);

        var report = await fixture.ResyncAsync("invoice");

        Assert.True(await fixture.ScalarAsync<long>("select count(*) from invoice") < 60);
        Assert.Equal(RunStatus.Partial, report.Status);
        Assert.Contains(report.Errors, e => e.Message.Contains("10 records came of 30 that Bubble counts", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_count_of_the_whole_does_not_excuse_windows_that_came_short()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 60 })).With(windowSize: 30, pageSize: 10);
        var wholes = 0;
        await using var liar = await LiarAsync(fixture, _ => true, (query, answer) => (Ask(query), query["limit"] == "1") switch
        {
            // Windows end after their first page, and the first count of each agrees; the whole, first counted before reading and after it, is then 1 twice.
            (Asked.Window, false) => NoneRemain(answer),
            (Asked.Window, true) when wholes is 3 or 4 => Regex.Replace(answer, "\"remaining\": ?[0-9]+", "\"remaining\":9"),
            (Asked.Whole, true) when ++wholes is 3 or 4 => NoneRemain(answer),
            _ => answer,
        });

        var report = await fixture.ResyncAsync("invoice");

        Assert.True(await fixture.ScalarAsync<long>("select count(*) from invoice") < 60);
        Assert.True(report.Status == RunStatus.Partial, report.ToJson());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_record_that_is_counted_and_on_no_page_makes_the_run_partial_and_nothing_is_pruned(bool verifies)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 250 });
        await fixture.ResyncAsync("invoice");
        var hidden = JsonNode.Parse(fixture.Bubble.Records.At("invoice", 120))!["_id"]!.GetValue<string>();
        fixture.Bubble.Records.Delete("invoice", hidden);
        await using var liar = await LiarAsync(fixture, query => query["limit"] == "1", OneMore);

        var report = verifies
            ? (await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["invoice"] }, null, fixture.Limit)).Run
            : await fixture.ResyncAsync(new ResyncOptions { Entities = ["invoice"], Prune = PruneMode.Hard });

        Assert.Equal(RunStatus.Partial, report.Status);
        Assert.Contains(
            report.Errors, e => e.Code == ErrorCode.Unproved && e.Message.Contains("249 records came of 250 that Bubble counts", StringComparison.Ordinal));
        Assert.Equal(250, await fixture.ScalarAsync<long>("select count(*) from invoice"));
    }

    [Fact]
    public async Task A_first_answer_that_shows_no_record_does_not_decide_what_is_read()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 60 })).With(windowSize: 30, pageSize: 10);
        var answers = 0;
        await using var liar = await LiarAsync(
            fixture, _ => Interlocked.Increment(ref answers) == 1, _ => """{"response":{"cursor":0,"results":[],"count":0,"remaining":0}}""");

        var report = await fixture.ResyncAsync("invoice");

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        Assert.Equal(60, await fixture.ScalarAsync<long>("select count(*) from invoice"));
    }

    [Fact]
    public async Task Without_any_count_everything_is_read_all_the_same_and_said_to_be_unproved()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = ["remaining-absent"] }))
            .With(pageSize: 4);
        for (var number = 1; number <= 10; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 10L), (report.Status, report.Entities[0].Inserted));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Pages_that_overlap_are_never_taken_for_twins_however_short_they_are(int pageSize)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = ["duplicates=100"] }))
            .With(pageSize: pageSize);
        for (var number = 1; number <= 10; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early));

        var report = await fixture.ResyncAsync("agent");

        Assert.True(report.Entities[0].Inserted == 10 || report.Status == RunStatus.Partial, report.ToJson());
    }

    [Theory]
    [InlineData("", 60)]
    [InlineData("ceiling=60", 60)]
    [InlineData("ceiling=60", 50_000)]
    [InlineData("ceiling=60|dense=invoice:55", 60)]
    public async Task More_records_than_the_ceiling_are_read_completely(string faults, int ceiling)
    {
        await using var fixture =
            (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 400, Faults = faults.Split('|', StringSplitOptions.RemoveEmptyEntries) }))
            .With(50, 20, ceiling);

        var report = await fixture.ResyncAsync("invoice");

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        Assert.Equal(fixture.Bubble.Records.Count("invoice"), report.Entities[0].Inserted);
        Assert.True(report.Entities[0].Proof!.IsComplete);
    }

    [Fact]
    public async Task More_records_on_one_millisecond_than_Bubble_shows_stop_the_run_with_3_and_nothing_is_merged()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20, Faults = ["dense=invoice:70", "ceiling=60"] });

        var outcome = await Bubblesync.RunAsync(
            fixture, [("Bubble__WindowSize", "50"), ("Bubble__PageSize", "20"), ("Bubble__OffsetCeiling", "60")], "resync", "--entity", "invoice");

        Assert.Equal(3, outcome.Code);
        Assert.Contains("holds 70 records, more than Bubble shows of one search (60, Bubble:OffsetCeiling)", outcome.All, StringComparison.Ordinal);
        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from invoice"));
    }

    private static string NoneRemain(string answer) => Regex.Replace(answer, "\"remaining\": ?[0-9]+", "\"remaining\":0");

    private static string OneMore(string answer) => answer.Contains("\"_id\"", StringComparison.Ordinal)
        ? Regex.Replace(answer, "\"remaining\": ?([0-9]+)", m => $"\"remaining\":{int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture) + 1}")
        : answer;

    private static Asked Ask(IQueryCollection query) => query["constraints"].ToString() switch
    {
        "" => Asked.Whole,
        var constraints when constraints.Contains("less than", StringComparison.Ordinal) => Asked.Window,
        _ => Asked.Other,
    };

    private static Task<WebApplication> LiarAsync(SyncFixture fixture, Func<IQueryCollection, bool> lies, Func<string, string> change) =>
        LiarAsync(fixture, lies, (_, answer) => change(answer));

    // Passes searches on, and changes the answers to those that the rule names.
    private static async Task<WebApplication> LiarAsync(SyncFixture fixture, Func<IQueryCollection, bool> lies, Func<IQueryCollection, string, string> change)
    {
        var (bubble, http) = (fixture.Settings.Bubble.BaseUrl!, new HttpClient());
        http.DefaultRequestHeaders.Add("Authorization", $"Bearer {fixture.Settings.Bubble.ApiToken}");
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Lifetime.ApplicationStopped.Register(http.Dispose);
        app.Run(async context =>
        {
            var answer = await http.GetStringAsync(new Uri(bubble, $"{context.Request.Path}{context.Request.QueryString}"), fixture.Limit);
            await context.Response.WriteAsync(lies(context.Request.Query) ? change(context.Request.Query, answer) : answer, fixture.Limit);
        });
        await app.StartAsync(fixture.Limit);
        await fixture.MoveAsync(new Uri(new Uri(app.Urls.First()), bubble.AbsolutePath));
        return app;
    }

    private enum Asked
    {
        Whole,
        Window,
        Other,
    }
}
