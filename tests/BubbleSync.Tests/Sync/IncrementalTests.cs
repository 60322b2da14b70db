using BubbleSync.Etl;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary><c>sync incremental</c>: what it reads, where it starts the next time, and what cannot get lost on the way.</summary>
public sealed class IncrementalTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Names = "select name from agent order by bubble_id";

    [Fact]
    public async Task A_first_run_says_to_resync()
    {
        await using var scene = await Scene.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(scene, "sync", "incremental");

        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains("Run 'bubblesync resync' first", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(0, scene.Bubble.Traffic.Requests);
        Assert.Empty(await scene.RowsAsync("select kind from bubblesync.run"));
    }

    [Fact]
    public async Task An_entity_that_was_never_read_is_named()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ResyncAsync("agent", "user");

        var failure = await Assert.ThrowsAsync<SyncException>(() => scene.IncrementalAsync());

        Assert.True(failure.IsUsage);
        Assert.Contains("--entity customer", failure.Message, StringComparison.Ordinal);
        Assert.Equal("succeeded", (await scene.IncrementalAsync("user", "agent")).Status);
    }

    [Fact]
    public async Task What_was_modified_since_is_merged_and_only_that_is_read()
    {
        await using var scene = await ResyncedAsync();
        scene.Put("agent", Scene.Record(1, "2026-06-01T12:30:00.000Z", "\"Name\": \"new\""));
        scene.Put("agent", Scene.Record(3, "2026-06-01T12:30:00.000Z", "\"Name\": \"third\"", "2026-06-01T12:30:00.000Z"));
        scene.Bubble.Traffic.Reset();

        var report = await scene.IncrementalAsync();

        Assert.Equal("succeeded", report.Status);
        Assert.Equal(["new", "b", "third"], await scene.RowsAsync(Names));
        Assert.Equal((2, 1, 1), (report.Entities[0].Extracted, report.Entities[0].Inserted, report.Entities[0].Updated));
        Assert.Equal(4, scene.Bubble.Traffic.Records);
        Assert.Equal(5, report.Patches.Count);
    }

    [Fact]
    public async Task Nothing_modified_means_two_calls_for_each_entity_one_for_Bubbles_clock_one_for_the_description_and_no_row_written()
    {
        await using var scene = await ResyncedAsync();
        var before = await scene.SnapshotAsync();
        scene.Bubble.Traffic.Reset();

        var report = await scene.IncrementalAsync();

        Assert.Equal(("succeeded", 8), (report.Status, report.Entities.Count));
        Assert.Equal(18, scene.Bubble.Traffic.Requests);
        Assert.Equal(before, await scene.SnapshotAsync());
    }

    [Fact]
    public async Task It_begins_an_overlap_before_the_last_run_and_not_earlier()
    {
        await using var scene = await ResyncedAsync();
        scene.Put("agent", Scene.Record(1, "2026-06-01T11:54:59.999Z", "\"Name\": \"too early\""));
        scene.Put("agent", Scene.Record(2, "2026-06-01T11:55:00.000Z", "\"Name\": \"just in\""));

        await scene.IncrementalAsync();

        Assert.Equal(["a", "just in"], await scene.RowsAsync(Names));
    }

    [Fact]
    public async Task An_edit_made_while_the_last_run_was_at_it_is_not_lost()
    {
        await using var scene = await ResyncedAsync();
        var clock = (SetClock)scene.Clock;
        clock.Now = Moment("2026-06-01T13:00:00Z");
        scene.Bubble.Traffic.OnRequest = request =>
        {
            // Agents are read already when payments are.
            if (request.Type == "seda_registration")
                clock.Now = Moment("2026-06-01T13:20:00Z");
            return Task.CompletedTask;
        };
        await scene.IncrementalAsync();
        scene.Bubble.Traffic.OnRequest = null;
        scene.Put("agent", Scene.Record(1, "2026-06-01T13:00:00.000Z", "\"Name\": \"meanwhile\""));
        clock.Now = Moment("2026-06-01T14:00:00Z");

        await scene.IncrementalAsync();

        Assert.Equal("meanwhile", (await scene.RowsAsync(Names))[0]);
    }

    [Fact]
    public async Task The_mark_is_each_entitys_own()
    {
        await using var scene = await ResyncedAsync();
        ((SetClock)scene.Clock).Now = Moment("2026-06-02T12:00:00Z");
        await scene.IncrementalAsync("agent");
        scene.Put("agent", Scene.Record(1, "2026-06-01T20:00:00.000Z", "\"Name\": \"before the mark\""));
        scene.Put("user", Scene.Record(9, "2026-06-01T20:00:00.000Z"));

        var report = await scene.IncrementalAsync();

        Assert.Equal(0, report.Entities.Single(e => e.Name == "agent").Extracted);
        Assert.Equal(1, report.Entities.Single(e => e.Name == "user").Inserted);
    }

    [Fact]
    public async Task Only_the_entities_asked_for_are_read()
    {
        await using var scene = await ResyncedAsync();
        scene.Bubble.Traffic.Reset();

        var outcome = await Bubblesync.RunAsync(scene, "sync", "incremental", "--entity", "agent", "--entity", "user", "--output", "json");

        Assert.Equal(0, outcome.Code);
        Assert.Equal(["agent", "user"], outcome.Json.GetProperty("entities").EnumerateArray().Select(e => e.GetProperty("name").GetString()!).Order(StringComparer.Ordinal));
        Assert.Equal(("incremental", "succeeded"), (outcome.Json.GetProperty("kind").GetString(), outcome.Json.GetProperty("status").GetString()));
        Assert.Equal(0, scene.Bubble.Traffic.Count("invoice"));
        Assert.Equal(["incremental|succeeded", "resync|succeeded"], await scene.RowsAsync("select kind, status from bubblesync.run order by 1"));
    }

    [Fact]
    public async Task A_failed_run_does_not_move_the_mark()
    {
        await using var scene = await ResyncedAsync();
        var clock = (SetClock)scene.Clock;
        scene.Settings = scene.Settings with { Bubble = scene.Settings.Bubble with { MaxAttempts = 1, PatienceSeconds = 0 } };
        scene.Put("agent", Scene.Record(1, "2026-06-01T13:00:00.000Z", "\"Name\": \"new\""));
        clock.Now = Moment("2026-06-02T12:00:00Z");
        await using (await GoBetween.StartAsync(scene, (type, _) => type == "agent" ? GoBetween.Refuse(502) : null))
            Assert.Equal("failed", (await scene.IncrementalAsync()).Status);
        await DirectAsync(scene);
        clock.Now = Moment("2026-06-02T13:00:00Z");

        var report = await scene.IncrementalAsync();

        Assert.Equal("succeeded", report.Status);
        Assert.Equal(["new", "b"], await scene.RowsAsync(Names));
    }

    [Theory]
    [InlineData("remaining-absent")]
    [InlineData("constraints-ignored")]
    public async Task A_reading_that_proves_nothing_does_not_move_the_mark_and_the_next_good_one_catches_up(string fault)
    {
        await using var scene = await ResyncedAsync();
        var clock = (SetClock)scene.Clock;
        await using (var bad = await Scene.OpenAsync(scene.Connection, new SimulatorOptions { Invoices = 0, Faults = [fault] }, tables: false))
        {
            bad.Clock = clock;
            await bad.ClaimAsync();
            bad.Put("agent", Scene.Record(2, "2026-01-01T00:00:00.000Z"));
            clock.Now = Moment("2026-06-02T12:00:00Z");
            Assert.Equal("partial", (await bad.IncrementalAsync()).Status);
        }

        await scene.ClaimAsync();
        scene.Put("agent", Scene.Record(1, "2026-06-01T13:00:00.000Z", "\"Name\": \"new\""));
        clock.Now = Moment("2026-06-02T13:00:00Z");
        var report = await scene.IncrementalAsync();

        Assert.Equal("succeeded", report.Status);
        Assert.Equal(["new", "b"], await scene.RowsAsync(Names));
    }

    [Fact]
    public async Task A_dry_run_moves_no_mark()
    {
        await using var scene = await ResyncedAsync();
        ((SetClock)scene.Clock).Now = Moment("2026-06-02T12:00:00Z");
        await scene.ResyncAsync(new ResyncOptions { DryRun = true });
        scene.Put("agent", Scene.Record(1, "2026-06-01T13:00:00.000Z", "\"Name\": \"new\""));

        await scene.IncrementalAsync();

        Assert.Equal("new", (await scene.RowsAsync(Names))[0]);
    }

    [Fact]
    public async Task A_clock_here_that_is_ahead_of_Bubbles_loses_nothing()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        var clock = new SetClock("2026-06-01T12:00:00Z") { Now = TimeProvider.System.GetUtcNow().AddMinutes(30) };
        scene.Clock = clock;
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Name\": \"a\""));
        await scene.ResyncAsync();
        await scene.IncrementalAsync();
        scene.Put("agent", Scene.Record(1, TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null), "\"Name\": \"new\""));
        clock.Now += TimeSpan.FromMinutes(1);

        await scene.IncrementalAsync();

        Assert.Equal(["new"], await scene.RowsAsync(Names));
    }

    [Fact]
    public async Task A_row_edited_here_since_is_kept()
    {
        await using var scene = await ResyncedAsync();
        await scene.ExecuteAsync($"update agent set name = 'mine', updated_at = clock_timestamp() where bubble_id = '{Scene.Id(1)}'");
        scene.Put("agent", Scene.Record(1, "2026-06-01T12:30:00.000Z", "\"Name\": \"theirs\""));

        var report = await scene.IncrementalAsync();

        Assert.Equal(["mine", "b"], await scene.RowsAsync(Names));
        Assert.Equal(("succeeded", 1), (report.Status, report.Entities[0].Conflicts));
    }

    [Fact]
    public async Task What_does_not_convert_is_rejected_and_the_rest_merges()
    {
        await using var scene = await ResyncedAsync();
        scene.Put("invoice", Scene.Record(10, "2026-06-01T12:30:00.000Z", "\"Amount\": \"much\""));
        scene.Put("invoice", Scene.Record(11, "2026-06-01T12:30:00.000Z"));

        var outcome = await Bubblesync.RunAsync(scene, "sync", "incremental", "--output", "json");

        Assert.Equal((1, "partial"), (outcome.Code, outcome.Json.GetProperty("status").GetString()));
        Assert.Equal(Scene.Id(11), await scene.RowAsync("select bubble_id from invoice"));
        Assert.Equal(Scene.Id(10), await scene.RowAsync("select distinct bubble_id from bubblesync.rejected_record"));
    }

    [Fact]
    public async Task Another_schema_has_marks_of_its_own()
    {
        await using var scene = await ResyncedAsync();
        await scene.ExecuteAsync("create schema mirror");
        scene.Settings = scene.Settings with { Postgres = scene.Settings.Postgres with { Schema = "mirror" } };
        await scene.Engine().ApplySchemaAsync(scene.Limit);

        var failure = await Assert.ThrowsAsync<SyncException>(() => scene.IncrementalAsync());

        Assert.Equal("no-watermark", failure.Errors[0].Code);
    }

    [Fact]
    public async Task A_thousand_edits_since_all_come()
    {
        await using var scene = await ResyncedAsync();
        foreach (var n in Enumerable.Range(100, 1000))
            scene.Put("invoice_item", Scene.Record(n, "2026-06-01T12:30:00.000Z"));

        var report = await scene.IncrementalAsync("invoice_item");

        Assert.Equal(("succeeded", 1000), (report.Status, report.Entities[0].Inserted));
    }

    [Fact]
    public async Task A_record_without_an_id_is_rejected_and_not_missing_as_well()
    {
        await using var scene = await ResyncedAsync();
        scene.Put("agent", "{\"Modified Date\": \"2026-06-01T12:30:00.000Z\"}");

        var report = await scene.IncrementalAsync();

        Assert.Equal(("partial", 1, true), (report.Status, report.Entities[0].Rejected, report.Entities[0].Proof!.IsComplete));
        Assert.Equal("rejected", Assert.Single(report.Errors).Code);
    }

    private static Task DirectAsync(Scene scene) => scene.MoveAsync(new Uri(scene.Bubble.BaseUrl + "/"));

    // Two agents, and a resync at noon. The clock is days off Bubble's own, which therefore does not count.
    private async Task<Scene> ResyncedAsync()
    {
        var scene = await Scene.OpenAsync(postgres);
        scene.Clock = new SetClock("2026-06-01T12:00:00Z");
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Name\": \"a\""));
        scene.Put("agent", Scene.Record(2, Scene.Early, "\"Name\": \"b\""));
        await scene.ResyncAsync();
        // The catch-up's margin is not what is tested here.
        await scene.ExecuteAsync("update bubblesync.run set upper_bound = started_at");
        return scene;
    }
}
