using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Survival;
using Xunit;

namespace BubbleSync.Tests.Patch;

/// <summary>The patch stage: what fails, what is skipped, what is chosen.</summary>
public sealed class PatchRunTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Good = "update agent set introducer = coalesce(introducer, '') || 'x'";

    [Theory]
    [InlineData("update agent set nothing = 1", "42703")]
    [InlineData("updat agent", "42601")]
    [InlineData("update agent set bubble_id = null", "23502")]
    [InlineData("update agent set commission = 9; select 1 / 0", "22012")]
    [InlineData("update agent set commission = 9;\n\n-- report:\nselect nothing from agent", "42703")]
    [InlineData("update agent set linked_user_login = 'nobody'", "23503")]
    public async Task One_that_fails_is_undone_and_reported_and_stops_no_other(string sql, string state)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-good", Good), ("020-bad", sql), ("030-good", Good));
        await fixture.ExecuteAsync(
            """alter table agent add foreign key (linked_user_login) references "user" (bubble_id) deferrable initially deferred; insert into agent """
                + """(bubble_id, commission) values ('a1', 5)""");

        var report = await fixture.Engine().PatchAsync([], fixture.Limit);

        Assert.Equal((RunStatus.Partial, "succeeded 1, failed 0, succeeded 1"),
            (report.Status, string.Join(", ", report.Patches.Select(p => $"{Word.Of(p.Status)} {p.Rows}"))));
        Assert.Contains($"({state})", report.Patches[1].Error, StringComparison.Ordinal);
        Assert.Equal(
            (SyncStage.Patch, "020-bad", ErrorCode.PatchFailed), (report.Errors.Single().Stage, report.Errors.Single().Field, report.Errors.Single().Code));
        Assert.Equal("a1|5|~|xx", await fixture.RowAsync("select bubble_id, commission, linked_user_login, introducer from agent"));
    }

    [Theory]
    [InlineData("58P01")]
    [InlineData("53100")]
    [InlineData("22012")]
    public async Task One_that_fails_stops_no_other_in_a_dry_run_either(string state)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(
            ("010-bad", $"update agent set name = 'x'; do $$ begin raise 'gone' using errcode = '{state}'; end $$"), ("020-good", $"{Good}; {Good}"));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], DryRun = true });

        Assert.Equal(
            (RunStatus.Partial, "failed 0, succeeded 2"), (report.Status, string.Join(", ", report.Patches.Select(p => $"{Word.Of(p.Status)} {p.Rows}"))));
        Assert.Contains($"({state})", report.Patches[0].Error, StringComparison.Ordinal);
        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from agent"));
    }

    [Theory]
    [InlineData("40001")]
    [InlineData("40P01")]
    public async Task One_that_others_were_in_the_way_of_runs_again(string state)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(
            ("010-once", $"{Good}; do $$ begin if nextval('public.attempts') = 1 then raise 'in the way' using errcode = '{state}'; end if; end $$"));
        await fixture.ExecuteAsync("create sequence public.attempts; insert into agent (bubble_id) values ('a1')");

        var report = await fixture.Engine().PatchAsync([], fixture.Limit);

        Assert.Equal((RunStatus.Succeeded, null), (report.Status, report.Patches.Single().Error));
        Assert.Equal("x|2", await fixture.RowAsync("select introducer, (select last_value from public.attempts) from agent"));
    }

    [Fact]
    public async Task They_begin_once_all_is_merged_while_links_are_still_looked_at()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-good", Good));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, $"\"Linked User Login\": \"{SyncFixture.Id(9)}\""));
        await using var heldLock = await HeldLock.ShutAsync(fixture, "lock table bubblesync.missing_link in exclusive mode");

        var run = fixture.ResyncAsync("agent");
        await fixture.UntilAsync("select introducer = 'x' from agent");
        await heldLock.SomebodyWaitsAsync();
        Assert.False(run.IsCompleted);
        await heldLock.DisposeAsync();

        var report = await run;
        Assert.Equal((RunStatus.Succeeded, 1L), (report.Status, report.Entities[0].MissingLinks));
        Assert.Equal(1, await fixture.ScalarAsync<long>($"select count(*) from bubblesync.missing_link where run_id = '{report.RunId}'"));
    }

    [Fact]
    public async Task Those_that_ended_are_told_even_where_the_run_fails_beside_them()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres))
            .WithPatches(("010-good", Good), ("020-slow", "select pg_sleep(60) from pg_trigger where tgname = 'refuse'"));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, $"\"Linked User Login\": \"{SyncFixture.Id(9)}\""));
        await fixture.ExecuteAsync("""
            create function refuse() returns trigger language plpgsql as
              'begin while not exists (select from agent where introducer is not null) loop perform pg_sleep(0.01); end loop; raise exception ''no room''; end';
            create trigger refuse before insert on bubblesync.missing_link for each row execute function refuse()
            """);

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Failed, "010-good succeeded 1"),
            (report.Status, string.Join(", ", report.Patches.Select(p => $"{p.Name} {Word.Of(p.Status)} {p.Rows}"))));
    }

    [Theory]
    [InlineData("commission = name::integer", "012-345", "a value has not the form of the type it becomes (22P02)")]
    [InlineData("commission = name::integer", "98765432109", "a value is out of the range of its type (22003)")]
    [InlineData("commission = extract(day from name::date)", "2026-13-45", "a value is out of the range of its type (22008)")]
    [InlineData("commission = extract(day from name::timestamptz)", "twelve o'clock", "a value has not the form of the type it becomes (22007)")]
    [InlineData("introducer = decode('', name)::text", "base99", "a value is not what the statement needs (22023)")]
    public async Task One_that_stumbles_over_a_value_does_not_tell_it(string assignment, string value, string told)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-bad", $"update agent set {assignment}"));
        await fixture.ExecuteAsync($"insert into agent (bubble_id, name) values ('a1', '{value.Replace("'", "''", StringComparison.Ordinal)}')");

        var report = await fixture.Engine().PatchAsync([], fixture.Limit);

        Assert.Equal(told, report.Patches[0].Error);
        Assert.DoesNotContain(value, report.ToJson(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("53100")]
    [InlineData("58030")]
    [InlineData("XX000")]
    public async Task One_that_fails_with_what_ends_the_session_is_named_and_later_ones_run(string state)
    {
        var bad = $"do $$ begin raise exception 'no space' using errcode = '{state}'; end $$";
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-bad", bad), ("020-good", Good));
        await fixture.ExecuteAsync("insert into agent (bubble_id) values ('a1')");

        var report = await fixture.Engine().PatchAsync([], fixture.Limit);

        Assert.Equal(["010-bad failed", "020-good succeeded"], report.Patches.Select(p => $"{p.Name} {Word.Of(p.Status)}"));
        Assert.Equal($"no space ({state})", report.Patches[0].Error);
        Assert.Equal("x", await fixture.ScalarAsync<string>("select introducer from agent"));
    }

    [Fact]
    public async Task One_that_fails_leaves_a_resync_partial_with_all_its_records()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-bad", "update agent set nothing = 1"));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 1L, PatchStatus.Failed), (report.Status, report.Entities[0].Inserted, report.Patches.Single().Status));
        Assert.Equal("partial|1", await fixture.RowAsync("select status, (select count(*) from agent) from bubblesync.run"));
        Assert.Equal("error|010-bad", await fixture.RowAsync("select level, substring(message from '010-bad') from bubblesync.activity_log where stage = "
            + "'patch' and level <> 'info'"));
    }

    [Fact]
    public async Task One_that_needs_a_missing_table_is_skipped_and_leaves_the_run_a_success()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres))
            .WithPatches(("010-needs", "-- tables: agent, warranty\nupdate warranty set x = 1"), ("020-good", Good));
        await fixture.ExecuteAsync("insert into agent (bubble_id) values ('a1')");

        var report = await fixture.Engine().PatchAsync([], fixture.Limit);

        Assert.Equal((RunStatus.Succeeded, "010-needs skipped there is no table 'warranty' in schema 'public', "
            + "020-good succeeded "), (report.Status, string.Join(", ", report.Patches.Select(p => $"{p.Name} {Word.Of(p.Status)} {p.Error}"))));
        Assert.Empty(report.Errors);
    }

    [Fact]
    public async Task Those_named_by_number_or_name_run_in_the_order_of_their_names_and_no_others()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("030-c", Good), ("010-a", Good), ("020-b", Good));

        var report = await fixture.Engine().PatchAsync(["030", "010-a"], fixture.Limit);

        Assert.Equal(["010-a", "030-c"], report.Patches.Select(p => p.Name));
    }

    [Theory]
    [InlineData(0, "succeeded", "020")]
    [InlineData(1, "partial")]
    [InlineData(2, "There is no patch '020-god'. Did you mean '020-good'?", "020-god")]
    public async Task The_command_ends_with_the_code_of_what_became_of_them(int code, string said, params string[] names)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-bad", "update agent set nothing = 1"), ("020-good", Good));

        var outcome = await Bubblesync.RunAsync(fixture, [("Run__Patches", fixture.Settings.Run.Patches)], ["patch", .. names]);

        Assert.Equal(code, outcome.Code);
        Assert.Contains(said, outcome.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tables_are_those_of_the_schema_that_is_set()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        fixture.Settings = fixture.WithPatches(("010-good", Good)).Settings with { Postgres = fixture.Settings.Postgres with { Schema = "Mirror of Bubble" } };
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        await fixture.ExecuteAsync(
            """create table public.agent (introducer text); insert into public.agent values (null); insert into "Mirror of Bubble".agent (bubble_id) """
                + """values ('a1')""");

        await fixture.PatchAsync("010");

        Assert.Equal("~|x", await fixture.RowAsync("""select p.introducer, m.introducer from public.agent p, "Mirror of Bubble".agent m"""));
    }
}
