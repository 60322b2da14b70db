using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;
using static BubbleSync.Tests.Sync.ResyncedAgents;

namespace BubbleSync.Tests.Sync;

/// <summary>Where the next incremental sync begins, whatever became of the last one.</summary>
public sealed class IncrementalWatermarkTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task The_mark_is_each_entitys_own()
    {
        await using var fixture = await ResyncedAsync(postgres);
        ((SetClock)fixture.Clock).Now = Moment("2026-06-02T12:00:00Z");
        await fixture.IncrementalAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, "2026-06-01T20:00:00.000Z", "\"Name\": \"before the mark\""));
        fixture.Put("user", SyncFixture.Record(9, "2026-06-01T20:00:00.000Z"));

        var report = await fixture.IncrementalAsync();

        Assert.Equal(0, report.Entities.Single(e => e.Name == "agent").Extracted);
        Assert.Equal(1, report.Entities.Single(e => e.Name == "user").Inserted);
    }

    [Fact]
    public async Task A_failed_run_does_not_move_the_mark()
    {
        await using var fixture = await ResyncedAsync(postgres);
        var clock = (SetClock)fixture.Clock;
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxAttempts = 1, PatienceSeconds = 0 } };
        fixture.Put("agent", SyncFixture.Record(1, "2026-06-01T13:00:00.000Z", "\"Name\": \"new\""));
        clock.Now = Moment("2026-06-02T12:00:00Z");
        await using (await RecordingProxy.StartAsync(fixture, (type, _) => type == "agent" ? RecordingProxy.Refuse(502) : null))
            Assert.Equal(RunStatus.Failed, (await fixture.IncrementalAsync()).Status);
        await DirectAsync(fixture);
        clock.Now = Moment("2026-06-02T13:00:00Z");

        var report = await fixture.IncrementalAsync();

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal(["new", "b"], await fixture.RowsAsync(Names));
    }

    [Theory]
    [InlineData("remaining-absent")]
    [InlineData("constraints-ignored")]
    public async Task A_reading_that_proves_nothing_does_not_move_the_mark_and_the_next_good_one_catches_up(string fault)
    {
        await using var fixture = await ResyncedAsync(postgres);
        var clock = (SetClock)fixture.Clock;
        await using (var bad = await SyncFixture.OpenAsync(fixture.Connection, new SimulatorOptions { Invoices = 0, Faults = [fault] }, tables: false))
        {
            bad.Clock = clock;
            await bad.ClaimAsync();
            bad.Put("agent", SyncFixture.Record(2, "2026-01-01T00:00:00.000Z"));
            clock.Now = Moment("2026-06-02T12:00:00Z");
            Assert.Equal(RunStatus.Partial, (await bad.IncrementalAsync()).Status);
        }

        await fixture.ClaimAsync();
        fixture.Put("agent", SyncFixture.Record(1, "2026-06-01T13:00:00.000Z", "\"Name\": \"new\""));
        clock.Now = Moment("2026-06-02T13:00:00Z");
        var report = await fixture.IncrementalAsync();

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal(["new", "b"], await fixture.RowsAsync(Names));
    }

    [Fact]
    public async Task A_dry_run_moves_no_mark()
    {
        await using var fixture = await ResyncedAsync(postgres);
        ((SetClock)fixture.Clock).Now = Moment("2026-06-02T12:00:00Z");
        await fixture.ResyncAsync(new ResyncOptions { DryRun = true });
        fixture.Put("agent", SyncFixture.Record(1, "2026-06-01T13:00:00.000Z", "\"Name\": \"new\""));

        await fixture.IncrementalAsync();

        Assert.Equal("new", (await fixture.RowsAsync(Names))[0]);
    }

    [Fact]
    public async Task A_clock_here_that_is_ahead_of_Bubbles_loses_nothing()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var clock = new SetClock("2026-06-01T12:00:00Z") { Now = TimeProvider.System.GetUtcNow().AddMinutes(30) };
        fixture.Clock = clock;
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"a\""));
        await fixture.ResyncAsync();
        await fixture.IncrementalAsync();
        fixture.Put("agent", SyncFixture.Record(1, TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null), "\"Name\": \"new\""));
        clock.Now += TimeSpan.FromMinutes(1);

        await fixture.IncrementalAsync();

        Assert.Equal(["new"], await fixture.RowsAsync(Names));
    }

    [Fact]
    public async Task Another_schema_has_marks_of_its_own()
    {
        await using var fixture = await ResyncedAsync(postgres);
        await fixture.ExecuteAsync("create schema mirror");
        fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { Schema = "mirror" } };
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);

        var failure = await Assert.ThrowsAsync<SyncException>(() => fixture.IncrementalAsync());

        Assert.Equal(ErrorCode.NoWatermark, failure.Errors[0].Code);
    }

    private static Task DirectAsync(SyncFixture fixture) => fixture.MoveAsync(new Uri(fixture.Bubble.BaseUrl + "/"));
}
