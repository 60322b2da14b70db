using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Survival;
using Xunit;

namespace BubbleSync.Tests.Preflight;

/// <summary>Tables as others made them: a run stops before it reads, in the words of the doctor, whose statements help; or all works.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class TableObstacleTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string MapLine = "add a line to its map: { \"column\": \"own\", \"type\": \"text\"";

    [Fact]
    public async Task What_no_check_has_a_name_for_is_told_in_the_words_of_PostgreSQL()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("create publication shared for table agent where (name is not null)");

        await fixture.AssertStopsAsync("statements on agent", "cannot update table");
    }

    [Theory]
    [InlineData("create rule kept as on delete to agent do instead nothing")]
    [InlineData("create rule kept as on update to agent do also notify changed; alter table agent disable rule kept")]
    public async Task A_rule_stops_a_run(string sql)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(sql);

        var message = await fixture.AssertStopsAsync("rules on agent", "has rules (kept)");
        await fixture.FollowAsync(message, "drop rule");

        await fixture.AssertSyncsAsync();
    }

    [Theory]
    [InlineData("text")]
    [InlineData("varchar(9)")]
    [InlineData("bigint")]
    [InlineData("double precision")]
    [InlineData("boolean")]
    [InlineData("timestamptz")]
    [InlineData("timestamp(3)")]
    [InlineData("date")]
    [InlineData("uuid")]
    [InlineData("json")]
    [InlineData("jsonb")]
    [InlineData("text[]")]
    [InlineData("integer[]")]
    public async Task A_column_that_nothing_fills_stops_a_run(string type)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"alter table agent add column \"Own\" {type} not null");

        var message = await fixture.AssertStopsAsync(
            "columns of agent", "'Own' of table \"public\".\"agent\" must not be empty, has no default, and no map fills it");
        await fixture.FollowAsync(message, "alter table");

        await fixture.AssertSyncsAsync();
    }

    [Fact]
    public async Task A_column_that_nothing_fills_comes_with_the_line_that_would_map_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add column shoe_size numeric not null");

        var message = await fixture.AssertStopsAsync("columns of agent", "{ \"column\": \"shoe_size\", \"type\": \"numeric\", \"from\": \"NAME IN BUBBLE\" }");
        var line = message[message.IndexOf("{ \"column\"", StringComparison.Ordinal)..(message.IndexOf('}', StringComparison.Ordinal) + 1)];
        fixture.WithMap(
            "agent", map => map.Replace(
                "\"fields\": [", $"\"fields\": [ {line.Replace("NAME IN BUBBLE", "Shoe Size", StringComparison.Ordinal)},", StringComparison.Ordinal));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Shoe Size\": 9.5"));

        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync("agent")).Status);
        Assert.Equal(9.5m, await fixture.ScalarAsync<decimal>("select shoe_size from agent"));
    }

    [Theory]
    [InlineData("create type public.mood as enum ('sad', 'happy'); alter table agent add column own public.mood not null", MapLine)]
    [InlineData("alter table agent add column own point not null", "Give 'own' a default.")]
    [InlineData("create domain public.code as text check (value <> ''); alter table agent add column own public.code not null", MapLine)]
    public async Task Where_any_default_may_be_wrong_none_is_advised(string sql, string words)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(sql);

        var message = await fixture.AssertStopsAsync("columns of agent", words);

        Assert.DoesNotContain("set default", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trigger_may_fill_what_no_map_does()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            "create function public.fill() returns trigger language plpgsql as $x$ begin new.own = 'made'; return new; end $x$; alter table agent add column "
                + "own text not null; "
            + "create trigger fill before insert on agent for each row execute function public.fill()");

        await fixture.AssertSyncsAsync();

        Assert.Contains("fill. One that sets updated_at makes no conflict. A run stops before it "
            + "merges where", await fixture.RemarkAsync("triggers on agent"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_index_and_a_type_of_one_name_are_no_obstacle()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            "create type public.mood as enum ('a'); create index mood on agent (name); create sequence public.part; create domain public.part as text");

        await fixture.AssertSyncsAsync();
    }

    [Fact]
    public async Task A_trigger_that_names_no_unfilled_column_is_a_risk_of_which_doctor_and_run_warn()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            "create function public.stamp() returns trigger language plpgsql as $x$ begin new.updated_at = now(); return new; end $x$; alter table agent add "
                + "column own text not null; "
            + "create trigger stamp before insert or update on agent for each row execute function public.stamp()");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));

        var failed = Assert.Single((await fixture.Engine().ExamineAsync(fixture.Limit)).Checks, c => c.Status == CheckStatus.Failed);
        var run = await fixture.ResyncAsync("agent");
        await fixture.FollowAsync(failed.Message, "alter table");

        Assert.Equal("columns of agent", failed.Name);
        Assert.Contains(
            "unless the trigger 'stamp' fills it, whose function does not name the column. For 'own', " + MapLine, failed.Message, StringComparison.Ordinal);
        Assert.Contains($"columns of agent: {failed.Message}", run.Warnings);
        Assert.Equal(1, run.Entities[0].Rejected);
        await fixture.AssertSyncsAsync();
    }

    [Fact]
    public async Task Indexes_that_refuse_rows_and_tables_that_a_crash_empties_are_remarks()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent set unlogged; create unique index one_email on agent (email)");

        await fixture.AssertSyncsAsync();

        Assert.StartsWith("one_email may refuse records", await fixture.RemarkAsync("indexes of agent"), StringComparison.Ordinal);
        var unlogged = await fixture.RemarkAsync("storage of agent");
        await fixture.FollowAsync(unlogged, "alter table");
        Assert.Equal("p", await fixture.ScalarAsync<string>("select relpersistence::text from pg_class where oid = 'agent'::regclass"));
    }

    [Theory]
    [InlineData("lock table agent in exclusive mode")]
    [InlineData("lock table \"user\" in access exclusive mode")]
    public async Task The_checks_wait_for_no_lock(string sql)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await using var heldLock = await HeldLock.ShutAsync(fixture, sql);

        var report = await fixture.Engine().ExamineAsync(fixture.Limit);

        Assert.True(report.Success, string.Join('\n', report.Checks.Where(c => c.Status == CheckStatus.Failed)));
    }

    [Fact]
    public async Task A_relation_that_names_no_entity_is_a_remark()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres))
            .WithMap("agent", map => map.Replace("\"relation\": \"user\"", "\"relation\": \"usr\"", StringComparison.Ordinal));

        await fixture.AssertSyncsAsync();

        Assert.Contains("relation 'usr' is no entity here", await fixture.RemarkAsync("table agent"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("range (created_date)")]
    [InlineData("list (agent_type)")]
    [InlineData("hash (bubble_id, id)")]
    [InlineData("hash (lower(bubble_id))")]
    public async Task A_key_that_partitions_cannot_make_unique_stops_a_run(string partition)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"alter table agent rename to old; create table public.agent (like old) partition by {partition}; drop table old; alter "
            + "table agent alter id drop not null");

        await fixture.AssertStopsAsync("unique key agent.bubble_id", "is partitioned by", "No statement changes that");
    }

    [Theory]
    [InlineData("create view public.agent as select * from old", "view")]
    [InlineData("create materialized view public.agent as select * from old", "materialized view")]
    [InlineData("create type public.agent as enum ('a')", "type")]
    [InlineData("create extension if not exists file_fdw; create server files foreign data wrapper file_fdw; create foreign table public.agent (bubble_id "
        + "text) server files options (filename '/dev/null')", "foreign table")]
    [InlineData("create sequence public.agent", "sequence")]
    [InlineData("create sequence public.agent; create domain public.agent as text", "sequence")]
    [InlineData("create index agent on old (name); create type public.agent as enum ('a')", "index")]
    [InlineData("create index agent on old (name); create type public.agent as range (subtype = integer)", "index")]
    [InlineData("create type public.agent as (bubble_id text)", "composite type")]
    public async Task What_is_no_table_stops_a_run_and_is_not_to_be_made(string sql, string kind)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"alter table agent rename to old; {sql}");

        var message = await fixture.AssertStopsAsync(
            "table agent", $"'agent' in schema 'public' is no table ({kind})", "Give \"table\" in agent.json another name");
        var refused = await Assert.ThrowsAsync<SyncException>(() => fixture.Engine().ApplySchemaAsync(fixture.Limit));
        fixture.WithMap("agent", map => map.Replace("\"table\": \"agent\"", "\"table\": \"agent_2\"", StringComparison.Ordinal));
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);

        Assert.Equal(message, refused.Errors[0].Message);
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync("agent")).Status);
    }
}
