using System.Globalization;
using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Server;
using BubbleSync.Server.Schedules;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Server;

/// <summary>When the server starts runs by itself.</summary>
public sealed class ScheduleTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    // Clocks go from 02:00 to 03:00: what lies between runs right after.
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z")]
    // Clocks go from 03:00 back to 02:00: the time that comes twice runs once.
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z")]
    // What runs in short intervals goes on through the hour that comes twice.
    [InlineData("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:45:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z")]
    [InlineData("0 9 * * MON-FRI", "Asia/Kuala_Lumpur", "2026-05-01T02:00:00Z", "2026-05-04T01:00:00Z", "2026-05-05T01:00:00Z")]
    public void Times_follow_the_clocks_of_the_zone(string cron, string zone, string after, string first, string second)
    {
        var schedule = Read(cron, zone);

        var next = schedule.Next(Moment(after))!.Value;

        Assert.Equal((Moment(first), Moment(second)), (next, schedule.Next(next)!.Value));
    }

    [Fact]
    public void A_wrong_expression_and_an_unknown_zone_are_named_together()
    {
        var refused = Assert.Throws<SyncException>(() => AppSchedule.ReadAll("main",
        [
            new() { Kind = ScheduledKind.Resync, Cron = "61 * * * *" },
            new() { Kind = ScheduledKind.Resync, Cron = "* * * * *", TimeZone = "Mars/Olympus" },
        ]));

        Assert.True(refused.IsUsage);
        Assert.Equal(["Schedules[0]", "Schedules[1]"], refused.Errors.Select(e => e.Field));
    }

    [Fact]
    public async Task A_schedule_starts_its_run_and_shows_it_with_the_next_time()
    {
        await using var server = await ServerFixture.StartAsync(postgres, setup: With("* * * * * *"));

        await server.Sync.UntilAsync("select to_regclass('bubblesync.run') is not null");
        await server.Sync.UntilAsync("select count(*) > 0 from bubblesync.run where kind = 'verify' and status = 'succeeded'");
        var shown = Assert.Single(Assert.Single(await server.Api.AppsAsync()).Schedules);

        Assert.NotNull(shown.LastRun);
        Assert.NotNull(shown.Next);
    }

    [Fact]
    public async Task What_was_missed_is_made_up_once()
    {
        var sync = await SyncFixture.OpenAsync(postgres);
        await sync.Engine().VerifyAsync(new VerifyOptions { ByCounts = true }, null, sync.Limit);
        await sync.ExecuteAsync("update bubblesync.run set started_at = started_at - interval '400 days'");

        await using var server = await ServerFixture.StartAsync(sync, setup: With("0 0 1 1 *"));
        await sync.UntilAsync("select count(*) = 2 from bubblesync.run where status = 'succeeded'");
        await server.StopAsync();

        Assert.Equal(2, await sync.ScalarAsync<long>("select count(*) from bubblesync.run"));
    }

    private static Func<ServerSetup, ServerSetup> With(string cron) => setup =>
    {
        var app = setup.Apps[0];
        return setup with { Apps = [app with { Settings = app.Settings with { Schedules = [new() { Kind = ScheduledKind.Verify, Cron = cron }] } }] };
    };

    private static AppSchedule Read(string cron, string zone) =>
        Assert.Single(AppSchedule.ReadAll("main", [new() { Kind = ScheduledKind.Incremental, Cron = cron, TimeZone = zone }]));

    private static DateTimeOffset Moment(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
