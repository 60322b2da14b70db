using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Preflight;

/// <summary>Tables that take some records and refuse others, or that their owner cannot index: a run stops before it reads.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class CoarseTableTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("timestamptz(0)")]
    [InlineData("timestamp(2) using created_date at time zone 'UTC'")]
    [InlineData("date")]
    public async Task A_column_that_cannot_hold_the_milliseconds_of_Created_Date_stops_a_run(string type)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"alter table agent alter created_date type {type}");

        var message = await fixture.AssertStopsAsync("table agent", "'created_date'", "which cannot hold the milliseconds of 'Created Date'");
        await fixture.FollowAsync(message, "alter table");

        await fixture.AssertSyncsAsync();
    }

    [Fact]
    public async Task A_coarse_Modified_Date_is_a_remark_with_the_statement_that_makes_it_finer()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent alter modified_date type timestamptz(0)");

        var report = await fixture.Engine().ExamineAsync(fixture.Limit);
        var remark = Assert.Single(report.Checks, c => c.Message.Contains("coarser than Bubble's milliseconds", StringComparison.Ordinal));
        await fixture.FollowAsync(remark.Message, "alter table");

        Assert.True(report.Success);
        Assert.Equal("timestamp(3) with time zone", await fixture.ScalarAsync<string>(
            "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'agent'::regclass and attname = 'modified_date'"));
        await fixture.AssertSyncsAsync();
    }

    [Fact]
    public async Task A_table_that_lacks_hash_partitions_stops_a_run()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            """
            alter table agent rename to old; create table public.agent (like old) partition by hash (bubble_id); drop table old;
            alter table agent alter id drop not null; create table public.agent_1 partition of public.agent for values with (modulus 2, remainder 0);
            create table public.agent_2 partition of public.agent for values with (modulus 4, remainder 1); create unique index on agent (bubble_id)
            """);

        await fixture.AssertStopsAsync("partitions of agent", "not every remainder has a partition");
        await fixture.ExecuteAsync("create table public.agent_3 partition of public.agent for values with (modulus 4, remainder 3)");

        await fixture.AssertSyncsAsync();
    }

    [Fact]
    public async Task An_owner_who_may_not_make_an_index_in_the_schema_gets_the_grant_that_is_missing()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("drop index agent_bubble_id_key");
        var role = await fixture.AsUserAsync();
        await fixture.ExecuteAsync(
            $"revoke create on schema public from public; alter table agent owner to {role}; alter sequence agent_id_seq owner to {role}");

        var message = await fixture.AssertStopsAsync("unique key agent.bubble_id", "may not make an index in schema \"public\"");
        await fixture.FollowAsync(message, "grant create");

        await fixture.AssertSyncsAsync();
    }

    [Fact]
    public async Task A_default_that_calls_a_forbidden_function_comes_with_the_grant_of_the_function()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            """
            create function public.next_code(text) returns text language sql as $$ select $1 $$; revoke execute on function public.next_code(text) from public;
            alter table agent add column code text default public.next_code('a')
            """);
        await fixture.AsUserAsync(
            "grant select, insert, update, delete on all tables in schema public to $; grant usage on all sequences in schema public to $");

        var message = await fixture.AssertStopsAsync("rights on agent", "permission denied for function next_code");
        await fixture.FollowAsync(message, "grant execute on function next_code(text)");

        await fixture.AssertSyncsAsync();
    }

    [Fact]
    public async Task Rights_on_columns_that_do_not_suffice_are_named()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.AsUserAsync(
            "grant select, insert, update on all tables in schema public to $; revoke update on agent from $; grant update (name) on agent to $; "
            + "grant usage on all sequences in schema public to $");

        var message = await fixture.AssertStopsAsync("rights on agent", "The grants on its columns do not suffice");
        await fixture.FollowAsync(message, "grant select");

        await fixture.AssertSyncsAsync();
    }

    [Fact]
    public async Task A_function_behind_a_trigger_that_lacks_a_right_is_named()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            """
            create table public.audit (id text); revoke all on public.audit from public;
            create function public.note() returns trigger language plpgsql as $$ begin insert into public.audit values (new.bubble_id); return null; end $$;
            create trigger note after insert on agent for each row execute function public.note()
            """);
        await fixture.AsUserAsync("grant select, insert, update on agent, \"user\" to $; grant usage on all sequences in schema public to $");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));

        var report = await fixture.ResyncAsync("agent");

        Assert.Contains("permission denied for table audit, raised in function note(), perhaps "
            + "by a trigger", Assert.Single(report.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_publication_with_a_row_filter_is_named_as_the_cause()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("create publication filtered for table agent where (name = 'x')");

        await fixture.AssertStopsAsync("statements on agent", "A publication has a row filter or a list of columns");
    }
}
