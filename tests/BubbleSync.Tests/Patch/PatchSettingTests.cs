using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using Npgsql;
using Xunit;
using static System.FormattableString;

namespace BubbleSync.Tests.Patch;

/// <summary>What a script sets ends with its transaction: a session is used again, behind a pooler by other programs.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class PatchSettingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly (string Sql, string Words, string Instead)[] Lasting =
    [
        ("set statement_timeout = 0", "set statement_timeout", "write 'set local' instead"),
        ("select 1;\n -- why\n SET /* a */ Session  work_mem to '1GB'; select 2", "set session work_mem", "write 'set local' instead"),
        ("set time zone 'Asia/Kuala_Lumpur'", "set time zone", "write 'set local' instead"),
        ("set role someone", "set role", "write 'set local' instead"),
        ("reset all", "reset all", "write 'set local … to default' instead"),
        ("discard plans", "discard plans", "take it out"),
        ("select set_config('a.b', coalesce(current_setting('a.b', true), 'c'), false)", "set_config", "write true as its last argument"),
        ("do $x$ begin if true then set enable_seqscan = off; end if; end $x$", "set enable_seqscan", "write 'set local' instead"),
        ("do 'begin perform set_config(''a.b'', ''c'', false); end'", "set_config", "write true as its last argument"),
        ("do $x$ begin execute $y$set work_mem = '1GB'$y$; end $x$", "set work_mem", "write 'set local' instead"),
        ("do $x$ begin execute format('set work_mem = %L', '1GB'); end $x$", "set work_mem", "write 'set local' instead"),
        (
            "create or replace function f(a text default 'x') returns void language plpgsql as $f$ begin perform set_config('a.b', a, false); end $f$",
            "set_config", "write true as its last argument"),
        ("create temp table t as select 1 as a; select 2", "create temp table", "add 'on commit drop', or make a table that is not temporary"),
        ("create temporary view v as select 1 as a", "create temporary view", "add 'on commit drop', or make a table that is not temporary"),
        ("select 1 as a into temp t", "into temp", "write 'create temp table … on commit drop as' instead"),
        ("do $x$ begin create temp table t (a integer); end $x$", "create temp table", "add 'on commit drop', or make a table that is not temporary"),
        ("select pg_advisory_lock(1)", "pg_advisory_lock", "write pg_advisory_xact_lock, or its like with 'xact', instead"),
        ("select pg_try_advisory_lock_shared (1, 2)", "pg_try_advisory_lock_shared", "write pg_advisory_xact_lock, or its like with 'xact', instead"),
        ("listen changes", "listen changes", "take it out"),
        ("prepare p as select 1", "prepare p", "take it out"),
        ("declare c cursor with hold for select 1", "with hold", "take it out"),
    ];

    private static readonly string[] Ending =
    [
        "set local work_mem = '1GB'; SET  LOCAL \"a.b\" = 'c'; set constraints all immediate",
        "update agent set name = 'set x = 1; reset all'; -- ; set x = 1",
        "select set_config('a.b', coalesce(current_setting('a.b', true), 'c'), true), set_config('a.c', 'd', true)",
        "do $$ begin update agent\n set name = 'a'; set local work_mem = '1GB'; end $$",
        "create or replace function keep() returns void language sql set work_mem = '1GB' as $$ select $$",
        "insert into agent (bubble_id) values ('a') on conflict (bubble_id) do update set name = case when true then 'a' else 'b' end",
        "create temp table t on commit drop as select 1 as a; create temporary table u (a integer) on commit drop; insert into u values (2)",
        "do $$ declare temp integer; begin select 1 into temp from agent; execute $y$set local work_mem = '1GB'$y$; end $$",
        "select pg_advisory_xact_lock(1), pg_try_advisory_xact_lock_shared(2); grant execute on function pg_catalog.lower(text) to public; "
            + "select 'set x = 1'",
    ];

    [Fact]
    public async Task A_patch_that_sets_something_for_longer_is_not_run_and_the_doctor_names_it()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres))
            .WithPatches([.. Lasting.Select((bad, i) => (Invariant($"{i + 10:000}-bad"), bad.Sql)), ("999-good", "update agent set introducer = 'x'")]);

        var report = await fixture.Engine().PatchAsync([], fixture.Limit);
        var examined = await fixture.Engine().ExamineAsync(fixture.Limit);

        var check = examined.Checks.Single(c => c.Name == "patches");
        Assert.Equal((PatchStatus.Succeeded, CheckStatus.Failed), (report.Patches[^1].Status, check.Status));
        foreach (var (patch, (_, words, instead)) in report.Patches.SkipLast(1).Zip(Lasting, (patch, bad) => (patch, bad)))
        {
            var told = $"'{words}' lasts longer than its transaction, and others who use the session would get it; {instead}";
            Assert.Equal((PatchStatus.Failed, told), (patch.Status, patch.Error));
            Assert.Contains($"{patch.Name}: {told}.", check.Message, StringComparison.Ordinal);
        }

        Assert.Equal(Lasting.Length + 1, report.Patches.Count);
    }

    [Fact]
    public async Task What_ends_with_the_transaction_runs()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches([.. Ending.Select((sql, i) => (Invariant($"{i + 10:000}-good"), sql))]);

        var report = await fixture.Engine().PatchAsync([], fixture.Limit);

        Assert.Equal(Ending.Length, report.Patches.Count);
        Assert.All(report.Patches, p => Assert.Null(p.Error));
    }

    [Fact]
    public async Task A_script_of_a_table_is_held_to_the_same()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, tables: false)).WithTable("agent", script => $"set search_path = public;\n{script}");

        var failure = await Assert.ThrowsAsync<Etl.SyncException>(() => fixture.Engine().ApplySchemaAsync(fixture.Limit));

        Assert.Contains("the script 'agent.sql' in Run:Schema cannot be run: 'set search_path' lasts longer", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_of_these_statements_would_indeed_outlast_its_transaction()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var connection = new NpgsqlConnectionStringBuilder(fixture.Connection) { Pooling = false, NoResetOnClose = true };
        await using var session = new NpgsqlConnection(connection.ConnectionString);
        await session.OpenAsync(fixture.Limit);

        await session.ExecuteAsync(
            "begin; set a.b = '1'; do $$ begin set a.c = '2'; execute 'set a.e = 4'; end $$; select set_config('a.d', '3', false); "
            + "create temp table t as select 5 as a; select 6 as a into temp u; select pg_advisory_lock(7); listen eight; prepare nine as select 9; "
            + "declare ten cursor with hold for select 10; commit",
            fixture.Limit);

        const string Left = "select current_setting('a.b') || current_setting('a.c') || current_setting('a.d') || current_setting('a.e') || t.a || u.a "
            + "|| (select objid::text from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) || (select * from pg_listening_channels()) "
            + "|| (select name from pg_prepared_statements where from_sql) || (select name from pg_cursors where is_holdable) from t, u";
        Assert.Equal("1234567eightnineten", await session.ScalarAsync<string>(Left, fixture.Limit));
    }
}
