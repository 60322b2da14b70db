using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Resync;

public sealed class DryRunTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_dry_run_counts_what_the_real_run_then_does_and_changes_nothing()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20, Faults = ["bad-records=2"] });
        await fixture.ResyncAsync("agent", "customer", "invoice");
        await fixture.ExecuteAsync("update agent set modified_date = modified_date - interval '1 day', updated_at = 'infinity' where bubble_id in (select "
            + "bubble_id from agent order by 1 limit 1)");
        await fixture.ExecuteAsync("update customer set name = 'old', modified_date = modified_date - interval '1 day' where customer_id in (select "
            + "customer_id from customer order by 1 limit 3)");
        var before = await fixture.SnapshotAsync();

        var dry = await fixture.ResyncAsync(new ResyncOptions { DryRun = true });
        var after = await fixture.SnapshotAsync();
        var real = await fixture.ResyncAsync();

        Assert.Equal((RunStatus.Partial, RunStatus.Partial, true), (dry.Status, real.Status, dry.DryRun));
        Assert.Equal(before, after);
        Assert.Equal(Counts(real), Counts(dry));
        Assert.Equal(real.Patches.Select(p => p with { DurationMs = 0 }), dry.Patches.Select(p => p with { DurationMs = 0 }));
        Assert.Contains(Counts(real), counts => counts.Contains("agent", StringComparison.Ordinal) && counts.Contains("conflicts 1", StringComparison.Ordinal));
        Assert.Contains(
            Counts(real), counts => counts.Contains("customer", StringComparison.Ordinal) && counts.Contains("updated 3", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_large_merge_tells_the_planner_leaves_the_limit_of_waits_to_what_follows_in_a_dry_run()
    {
        const string Limited = "do $$ begin if current_setting('lock_timeout') <> '1min' then raise 'it is %', current_setting('lock_timeout'); end if; end $$";
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-limit", Limited));
        foreach (var number in Enumerable.Range(1, 1000))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early));

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], DryRun = true });

        Assert.Equal((1000L, null), (report.Entities[0].Inserted, Assert.Single(report.Patches).Error));
    }

    [Fact]
    public async Task A_dry_run_leaves_no_staging()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 5 });

        var report = await fixture.ResyncAsync(new ResyncOptions { DryRun = true });

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Empty(await fixture.RowsAsync("select tablename from pg_tables where schemaname = 'bubblesync_staging'"));
    }

    [Fact]
    public async Task A_dry_run_only_says_that_it_would_make_the_missing_unique_index()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("drop index agent_bubble_id_key");

        var report = await fixture.ResyncAsync(new ResyncOptions { DryRun = true, Entities = ["agent"] });

        Assert.Contains(report.Warnings, w => w.Contains("agent: a run would make the missing unique index", StringComparison.Ordinal));
        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from pg_index where indrelid = 'agent'::regclass and not indisprimary"));
    }

    [Fact]
    public async Task A_failing_patch_stops_no_dry_run()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres))
            .WithPatches(("010-broken", "select 1/0"), ("020-good", "update agent set introducer = 'x'"));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));

        var report = await fixture.ResyncAsync(new ResyncOptions { DryRun = true, Entities = ["agent"] });

        Assert.Equal(["010-broken failed 0", "020-good succeeded 1"], report.Patches.Select(p => $"{p.Name} {Word.Of(p.Status)} {p.Rows}"));
        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from agent"));
    }

    [Fact]
    public async Task A_dry_run_locks_no_table_while_it_reads()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 });
        fixture.UseAllSessions();
        var mayEnd = new TaskCompletionSource();
        fixture.Bubble.Traffic.OnRequest = request => request.Type == "customer_profile" && request.Constraints.Length > 0 ? mayEnd.Task : Task.CompletedTask;

        var run = fixture.ResyncAsync(new ResyncOptions { DryRun = true, Entities = ["agent", "customer"] });
        await fixture.UntilAsync("select exists (select from bubblesync.\"window\" where entity = 'agent' and kind = 'modified')");
        await fixture.UntilAsync("select not exists (select from pg_stat_activity where datname = current_database() and application_name like 'bubblesync %' "
            + "and state = 'active')");
        await fixture.ExecuteAsync("begin; lock table agent, customer in access exclusive mode nowait; commit");
        mayEnd.SetResult();

        Assert.Equal((RunStatus.Succeeded, 16L), ((await run).Status, (await run).Entities[1].Inserted));
    }

    [Fact]
    public async Task A_dry_run_leaves_alone_what_another_run_can_be_resumed_from()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 })).With(windowSize: 12, pageSize: 5);
        await fixture.ResyncAsync(new ResyncOptions { MaxCalls = 65 });
        var (staged, known) = (await fixture.StagingAsync(), await Survival.Pages.ProvedAsync(fixture));

        var dry = await fixture.ResyncAsync(new ResyncOptions { DryRun = true });
        var left = await fixture.StagingAsync();
        var pages = new Survival.Pages(fixture);
        var resumed = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Succeeded, RunStatus.Succeeded), (dry.Status, resumed.Status));
        Assert.Equal(staged, left);
        Assert.NotEmpty(known);
        pages.AssertNotRead(known);
    }

    [Theory]
    [InlineData("alter table agent alter id drop identity; create sequence ids; alter table agent alter id set default nextval('ids')")]
    [InlineData("alter table agent alter id drop identity; alter table agent alter id add generated always as identity")]
    [InlineData("create sequence ids; alter table agent alter slug set default 'A-' || nextval('ids')")]
    [InlineData("create sequence ids; alter table agent alter commission set default nextval('ids')")]
    [InlineData("alter table agent add constraint paid check (current_annual_sales >= 0)")]
    public async Task A_dry_run_takes_no_number_of_a_sequence(string rule)
    {
        const string Sequences = "select sequencename, coalesce(last_value, 0) from pg_sequences order by 1";
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(rule);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        await fixture.ResyncAsync("agent");
        foreach (var number in Enumerable.Range(2, 20))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Current Annual Sales\": {number - 4}"));
        var before = await fixture.RowsAsync(Sequences);

        var dry = await fixture.ResyncAsync(new ResyncOptions { DryRun = true, Entities = ["agent"] });

        Assert.NotEmpty(before);
        Assert.Equal(20, dry.Entities[0].Inserted + dry.Entities[0].Rejected);
        Assert.Equal(before, await fixture.RowsAsync(Sequences));
    }

    private static List<string> Counts(RunReport report) =>
        [.. report.Entities.Select(e => $"{e.Name}: extracted {e.Extracted}, inserted {e.Inserted}, updated {e.Updated}, unchanged {e.Unchanged}, conflicts "
            + $"{e.Conflicts}, rejected {e.Rejected}, missing {e.MissingLinks}, gone {e.NotInBubble}")];
}
