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
    public async Task By_hand_all_rows_are_touched()
    {
        await using var fixture = await OpenAsync();
        await fixture.ResyncAsync();

        Assert.Equal(await CountAsync(fixture), (int)await fixture.ScalarAsync<long>("select count(*) from bubblesync.touched"));
    }

    [Fact]
    public async Task Tables_and_columns_that_are_gone_and_those_of_other_schemas_do_not_count()
    {
        await using var fixture = await OpenAsync();
        await fixture.ResyncAsync();
        const string Role = "reader_of_touched";
        await fixture.ExecuteAsync(
            $"""
            create schema closed; create table closed.agent (bubble_id text);
            insert into bubblesync.mirrored_table (target_schema, entity, relation, key_name)
            values ('public', 'gone', '"public"."gone"', 'bubble_id'), ('public', 'keyless', '"public"."agent"', 'gone'),
                   ('closed', 'agent', '"closed"."agent"', 'bubble_id');
            do $$ begin if to_regrole('{Role}') is null then create role {Role}; end if; end $$;
            grant usage on schema public, bubblesync to {Role}; grant select on all tables in schema public, bubblesync to {Role}
            """);
        var all = await CountAsync(fixture);

        Assert.Equal([$"{all}"], await fixture.RowsAsync($"set role {Role}; select count(*) from bubblesync.touched; reset role"));
        fixture.WithPatches((Name, Sql + "\n-- changed"));
        await fixture.ResyncAsync();
        Assert.Equal(
            [.. Maps.All.Select(m => m.Name).Append("closed agent").Order(StringComparer.Ordinal)],
            await fixture.RowsAsync(
                """
                select m.name
                from (select case target_schema when 'public' then '' else target_schema || ' ' end || entity as name from bubblesync.mirrored_table) m
                order by m.name collate "C"
                """));
    }

    // As the first run, so that the tables are listed nowhere yet.
    [Fact]
    public async Task A_dry_run_shows_all_rows_and_locks_nothing_that_other_runs_write()
    {
        await using var fixture = await OpenAsync();
        const string Gate = "select pg_advisory_xact_lock(42)";
        fixture.WithPatches(
            ("010-count", "do $$ begin if (select count(*) from bubblesync.touched) < 8 then raise exception 'too few'; end if; end $$;"),
            ("020-waits", Gate));
        await fixture.ExecuteAsync(
            $"insert into bubblesync.touched_row (target_schema, run_id, entity, bubble_id) values ('public', '{Guid.NewGuid()}', 'agent', 'a')");
        await using var gate = await HeldLock.ShutAsync(fixture, Gate);
        var dry = fixture.ResyncAsync(new ResyncOptions { DryRun = true });
        await gate.SomebodyWaitsAsync();

        var locked = await fixture.RowsAsync(
            """
            select distinct c.relname || ' ' || l.mode from pg_locks l join pg_class c on c.oid = l.relation
            where c.relname in ('mirrored_table', 'patch_state') and l.mode <> 'AccessShareLock'
            """);
        await fixture.ExecuteAsync("begin; set local lock_timeout = '2s'; delete from bubblesync.touched_row; rollback");
        await gate.CommitAsync();
        var report = await dry;

        Assert.Empty(locked);
        Assert.All(report.Patches, p => Assert.Equal((PatchStatus.Succeeded, null), (p.Status, p.Error)));
    }

    private Task<SyncFixture> OpenAsync() => TouchedWitness.OpenAsync(postgres);
}
