using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Survival;
using Xunit;
using static BubbleSync.Tests.Patch.TouchedWitness;

namespace BubbleSync.Tests.Patch;

/// <summary>Which rows a patch finds in <c>bubblesync.touched</c>.</summary>
public sealed class TouchedTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_first_load_a_resync_and_the_patch_stage_show_all_rows()
    {
        await using var fixture = await OpenAsync();

        Func<Task>[] runs =
        [
            () => fixture.Engine().SyncInvoicesAsync([SyncFixture.Id(10)], new InvoiceSyncOptions(), null, fixture.Limit),
            () => fixture.Engine().PatchAsync([], fixture.Limit),
            () => fixture.ResyncAsync(),
            () => fixture.ResyncAsync(),
        ];
        foreach (var run in runs)
        {
            var seen = await SeenAsync(fixture, run);

            Assert.Equal(await CountAsync(fixture), seen.Count);
        }
    }

    [Fact]
    public async Task A_small_sync_shows_the_rows_that_it_wrote_and_no_others()
    {
        await using var fixture = await OpenAsync();
        await fixture.ResyncAsync();
        ChangeAgent(fixture);

        var changed = await SeenAsync(fixture, () => IncrementalAsync(fixture));
        var unchanged = await SeenAsync(fixture, () => IncrementalAsync(fixture));

        Assert.Equal([$"false|agent|{SyncFixture.Id(1)}"], changed);
        Assert.Empty(unchanged);
    }

    [Fact]
    public async Task Rows_whose_patches_failed_are_shown_again_with_all_others()
    {
        await using var fixture = await OpenAsync();
        await fixture.ResyncAsync();
        await fixture.ExecuteAsync("alter table public.witness rename to away");
        ChangeAgent(fixture);
        await IncrementalAsync(fixture);
        await fixture.ExecuteAsync("alter table public.away rename to witness");

        var seen = await SeenAsync(fixture, () => IncrementalAsync(fixture));

        Assert.Equal(await CountAsync(fixture), seen.Count);
        Assert.Contains($"true|agent|{SyncFixture.Id(1)}", seen);
    }

    [Fact]
    public async Task Rows_of_a_run_that_ended_before_its_patches_are_left_to_the_next_run()
    {
        await using var fixture = await OpenAsync();
        await fixture.ResyncAsync();
        ChangeAgent(fixture);
        // The patch stage begins with this table.
        await fixture.ExecuteAsync("alter table bubblesync.patch_state rename to away");
        Assert.Equal(RunStatus.Failed, (await IncrementalAsync(fixture)).Status);
        await fixture.ExecuteAsync("alter table bubblesync.away rename to patch_state");

        var seen = await SeenAsync(fixture, () => IncrementalAsync(fixture));

        Assert.Equal([$"false|agent|{SyncFixture.Id(1)}"], seen);
        Assert.Equal(0L, await fixture.ScalarAsync<long>("select count(*) from bubblesync.touched_row"));
    }

    [Fact]
    public async Task A_run_killed_among_its_patches_leaves_all_rows_to_the_next_run()
    {
        await using var fixture = await OpenAsync();
        await fixture.ResyncAsync();
        var patches = fixture.Settings.Run.Patches;
        fixture.WithPatches(("010-witness", Sql), ("020-waits", "select pg_advisory_xact_lock(42)"));
        ChangeAgent(fixture);
        await using (var gate = await HeldLock.ShutAsync(fixture, "select pg_advisory_xact_lock(42)"))
        {
            using var program = Bubblesync.Start(fixture, [("Run__Patches", fixture.Settings.Run.Patches)], "sync", "incremental");
            await gate.SomebodyWaitsAsync();
            program.Kill();
        }

        await fixture.UntilAsync(
            "select not exists (select from pg_stat_activity where application_name like 'bubblesync %' and datname = current_database())");
        fixture.Settings = fixture.Settings with { Run = fixture.Settings.Run with { Patches = patches } };

        var killed = await SeenAsync(fixture, () => IncrementalAsync(fixture));
        var after = await SeenAsync(fixture, () => IncrementalAsync(fixture));

        Assert.Equal(await CountAsync(fixture), killed.Count);
        Assert.Empty(after);
    }

    [Fact]
    public async Task What_a_patch_wrote_and_did_not_return_makes_the_patches_after_it_see_all_rows()
    {
        await using var fixture = await OpenAsync();
        await fixture.WithPatches(
            ("005-name", """update "agent" set "contact" = 'c' where "contact" is distinct from 'c';"""),
            ("010-witness", Sql)).ResyncAsync();
        await fixture.ExecuteAsync("update public.agent set contact = null where bubble_id like '%9'");

        var seen = await SeenAsync(fixture, () => IncrementalAsync(fixture));

        Assert.Equal(await CountAsync(fixture), seen.Count);
    }

    [Fact]
    public async Task A_deleted_row_makes_patches_see_all_rows_because_keys_may_have_changed_others()
    {
        await using var fixture = await OpenAsync();
        await fixture.ResyncAsync();
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));

        var seen = await SeenAsync(
            fixture,
            () => fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Prune = PruneMode.Hard, PruneLimitPercent = 100 }, null, fixture.Limit));

        Assert.Equal(await CountAsync(fixture), seen.Count);
    }

    [Fact]
    public async Task A_patch_that_is_new_or_changed_is_shown_all_rows()
    {
        await using var fixture = await OpenAsync();
        await fixture.ResyncAsync();
        fixture.WithPatches(("010-witness", Sql + "\n-- changed"));

        var first = await SeenAsync(fixture, () => IncrementalAsync(fixture));
        var second = await SeenAsync(fixture, () => IncrementalAsync(fixture));

        Assert.Equal((await CountAsync(fixture), 0), (first.Count, second.Count));
    }

    [Fact]
    public async Task What_a_patch_returns_is_shown_to_the_patches_after_it()
    {
        await using var fixture = await OpenAsync();
        await fixture.WithPatches(
            ("005-name", """update "agent" set "contact" = 'c' where "contact" is distinct from 'c' returning 'agent' as "entity", "bubble_id";"""),
            ("010-witness", Sql)).ResyncAsync();
        await fixture.ExecuteAsync("update public.agent set contact = null where bubble_id like '%9'");

        var seen = await SeenAsync(fixture, () => IncrementalAsync(fixture));

        Assert.Equal([$"false|agent|{SyncFixture.Id(9)}"], seen);
    }

    [Fact]
    public async Task By_hand_all_rows_are_touched()
    {
        await using var fixture = await OpenAsync();
        await fixture.ResyncAsync();

        Assert.Equal(await CountAsync(fixture), (int)await fixture.ScalarAsync<long>("select count(*) from bubblesync.touched"));
    }

    private Task<SyncFixture> OpenAsync() => TouchedWitness.OpenAsync(postgres);
}
