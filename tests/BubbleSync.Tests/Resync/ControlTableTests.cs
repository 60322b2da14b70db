using System.Text.Json;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 8: what a run leaves behind.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class ControlTableTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_run_leaves_its_history_and_no_staging()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 10 });

        var report = await fixture.ResyncAsync();

        Assert.Equal(
            $"{report.RunId}|resync|succeeded|true|true",
            await fixture.RowAsync("select run_id::text, kind, status, finished_at > started_at, jsonb_typeof(options) = 'object' from bubblesync.run"));
        Assert.True(JsonElement.DeepEquals(
            JsonDocument.Parse(report.ToJson()).RootElement, JsonDocument.Parse((await fixture.ScalarAsync<string>("select result::text from "
                + "bubblesync.run"))!).RootElement));
        Assert.Equal(
            report.Entities.OrderBy(e => e.Name).Select(e =>
                $"{e.Name}|{e.Level}|{e.Expected}|{e.Extracted}|{e.Staged}|{e.Inserted}|{e.Updated}|{e.Unchanged}"
                    + $"|{e.Conflicts}|{e.Rejected}|{e.MissingLinks}|{e.NotInBubble}|{e.Pruned}|true|true"),
            await fixture.RowsAsync("select entity, level, expected, extracted, staged, inserted, updated, unchanged, conflicts, rejected, missing_links, "
                + "not_in_bubble, pruned, (proof->>'isComplete')::boolean, finished_at >= started_at from bubblesync.run_entity order by entity"));
        Assert.Equal(16, await fixture.ScalarAsync<long>($"select count(*) from bubblesync.\"window\" where run_id = '{report.RunId}' and status = 'proved'"));
        Assert.Equal(report.Entities.Sum(e => e.MissingLinks), await fixture.ScalarAsync<long>("select count(*) from bubblesync.missing_link"));
        Assert.Equal(report.Warnings.Order(), (await fixture.RowsAsync("select message from bubblesync.activity_log where level = 'warning' and "
            + "stage = 'run'")).Order());
        Assert.Empty(await fixture.RowsAsync("select tablename from pg_tables where schemaname = 'bubblesync_staging'"));
    }

    [Fact]
    public async Task The_next_run_clears_the_staging_of_one_that_failed()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("""
            create function keep_out() returns trigger language plpgsql as 'begin return null; end';
            create trigger keep_out before insert on agent for each row execute function keep_out()
            """);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        await fixture.ResyncAsync("agent");
        var left = await fixture.RowsAsync("select tablename from pg_tables where schemaname = 'bubblesync_staging'");
        await fixture.ExecuteAsync("drop trigger keep_out on agent");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(2, left.Count);
        Assert.Equal((RunStatus.Succeeded, 1L), (report.Status, report.Entities[0].Inserted));
        Assert.Empty(await fixture.RowsAsync("select tablename from pg_tables where schemaname = 'bubblesync_staging'"));
    }

    [Fact]
    public async Task A_run_that_is_cancelled_says_so_and_merges_nothing_by_halves()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 10 });
        using var stop = new CancellationTokenSource();
        fixture.Bubble.Traffic.OnRequest = request => request.Type == "invoice" && request.Constraints.Length > 0 ? stop.CancelAsync() : Task.CompletedTask;

        var report = await fixture.Engine().ResyncAsync(new(), null, stop.Token);

        Assert.Equal(RunStatus.Cancelled, report.Status);
        Assert.Equal("cancelled|0", await fixture.RowAsync("select status, (select count(*) from invoice) from bubblesync.run"));
        Assert.Equal(RunStatus.Succeeded, await StatusWithoutHookAsync(fixture));
    }

    [Fact]
    public async Task Tables_of_a_program_without_numbered_scripts_are_upgraded_and_keep_their_rows()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var script = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "config", "schema", "control", "001-tables.sql"));
        var run = Guid.NewGuid();
        await fixture.ExecuteAsync($"drop schema bubblesync cascade; create schema bubblesync; {script}");
        await fixture.ExecuteAsync($$"""
            insert into bubblesync.run (run_id, kind, status, started_at, target_schema, options)
              values ('{{run}}', 'resync', 'succeeded', now(), 'public', '{}');
            insert into bubblesync.rejected_record (run_id, entity, field, reason, raw) values ('{{run}}', 'agent', 'Name', 'why', '{}')
            """);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal("2|1", await fixture.RowAsync("select (select count(*) from bubblesync.run), (select count(*) from bubblesync.rejected_record)"));
    }

    [Theory]
    [InlineData("resync", "--entity", "agent")]
    [InlineData("verify")]
    [InlineData("plan")]
    [InlineData("audit", "fields")]
    [InlineData("audit", "schema")]
    [InlineData("audit", "links")]
    [InlineData("runs", "list")]
    [InlineData("schema", "apply")]
    public async Task A_program_that_is_older_than_the_control_tables_stops_with_2(params string[] command)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("insert into bubblesync.schema_version (version, script) values (999, '999-future.sql')");

        var outcome = await Bubblesync.RunAsync(fixture, command);

        Assert.Equal(2, outcome.Code);
        Assert.Contains("have version 999", outcome.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_says_that_the_program_is_older_than_the_control_tables()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("insert into bubblesync.schema_version (version, script) values (999, '999-future.sql')");

        var report = await fixture.Engine().ExamineAsync(fixture.Limit);

        Assert.False(report.Success);
        Assert.Contains("have version 999", Assert.Single(report.Checks, c => c.Name == "control tables").Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_not_upgrade_the_control_tables_is_told_that_their_owner_has_to()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var role = $"writer_{Guid.NewGuid():N}";
        await fixture.ExecuteAsync(
            $"delete from bubblesync.schema_version where version > 4; create role {role} login password 'p'; grant all on schema bubblesync, "
                + $"bubblesync_staging to {role}; "
            + $"grant all on all tables in schema bubblesync to {role}; grant all on all tables in schema public to {role}");
        var connection = new Npgsql.NpgsqlConnectionStringBuilder(fixture.Connection) { Username = role, Password = "p" }.ConnectionString;
        fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { ConnectionString = connection } };

        var failure = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync("agent"));

        Assert.Contains("have version 4 and are to be upgraded to", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Apply the schema once as their owner", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_script_may_have_a_function_with_an_atomic_body_and_one_that_fails_is_named()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        var shipped = fixture.Settings;
        fixture.WithTable("agent", text => text + "\ncreate function one(t text) returns text language sql immutable begin atomic select lower(t); end;");
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        fixture.Settings = shipped;
        await fixture.ExecuteAsync("drop table invoice");
        fixture.WithTable("invoice", text => "creat table invoice ()");

        var failure = await Assert.ThrowsAsync<SyncException>(() => fixture.Engine().ApplySchemaAsync(fixture.Limit));

        Assert.Equal("a", await fixture.ScalarAsync<string>("select public.one('A')"));
        Assert.StartsWith("invoice: the script 'invoice.sql' in Run:Schema cannot be run: syntax error", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Control_tables_are_made_by_many_at_once()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);

        var archives = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => fixture.Engine().OpenArchiveAsync(fixture.Limit)));

        foreach (var archive in archives)
            await archive.DisposeAsync();
        Assert.Equal("001-tables.sql", await fixture.ScalarAsync<string>("select script from bubblesync.schema_version where version = 1"));
    }

    [Theory]
    [InlineData(100, "100:100:", false)]
    [InlineData(99, "100:100:", true)]
    [InlineData(100, "100:102:100", false)]
    [InlineData(101, "100:102:100", true)]
    [InlineData(4294967290, "4294967300:4294967300:", true)]
    [InlineData(5, "4294967300:4294967300:", false)]
    [InlineData(3, "4294967300:4294967300:", true)]
    [InlineData(4, "4294967299:4294967299:", false)]
    [InlineData(2, "4294967300:4294967300:", true)]
    public async Task A_row_is_written_before_a_snapshot_also_where_transaction_numbers_have_wrapped_around(long written, string snapshot, bool expected)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        Assert.Equal(expected, await fixture.ScalarAsync<bool>($"select bubblesync.is_written_before('{written}'::xid, '{snapshot}'::pg_snapshot)"));
    }

    private static async Task<RunStatus> StatusWithoutHookAsync(SyncFixture fixture)
    {
        fixture.Bubble.Traffic.OnRequest = null;
        return (await fixture.ResyncAsync()).Status;
    }
}
