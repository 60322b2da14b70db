using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>What a table does not take beside whole records is named, and stops nothing else.</summary>
public sealed class UntakenTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Login = "alter table agent add foreign key (linked_user_login) references \"user\" (bubble_id)";

    [Fact]
    public async Task A_foreign_key_that_follows_updates_is_not_emptied_by_an_exchange()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            "alter table agent add unique (slug), add column manager text references agent (slug) on update cascade; "
            + "create table visit (agent_slug text references agent (slug) on update cascade)");
        await PutSlugsAsync(fixture, SyncFixture.Early, "a", "b", "c");
        await fixture.ExecuteAsync($"update agent set manager = 'b' where slug = 'c'; insert into visit values ('a'), ('b')");
        await PutSlugsAsync(fixture, SyncFixture.Late, "b", "a", "c");

        Assert.Equal(["b|~", "a|~", "c|a"], await fixture.RowsAsync("select slug, manager from agent order by bubble_id"));
        Assert.Equal(["a", "b"], await fixture.RowsAsync("select agent_slug from visit order by 1"));
    }

    [Theory]
    [InlineData("alter table agent alter commission type smallint, alter commission set not null, add unique (commission), add check (commission "
        + "between 1 and 3)")]
    [InlineData("alter table agent alter commission set not null, add exclude using btree (commission with =)")]
    public async Task A_chain_of_values_goes_through_where_no_value_is_to_spare(string rule)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(rule);
        Put(fixture, SyncFixture.Early, 1, 2);
        await fixture.ResyncAsync("agent");
        Put(fixture, SyncFixture.Late, 2, 3);

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 2L), (report.Status, report.Entities[0].Updated));
        Assert.Equal(["2", "3"], await fixture.RowsAsync("select commission from agent order by bubble_id"));
    }

    [Fact]
    public async Task A_row_that_cannot_give_its_value_up_keeps_no_others_from_an_exchange()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("""
            alter table agent add unique (slug);
            create function lock() returns trigger language plpgsql as $x$ begin if old.slug = 'c' then raise exception 'locked'; end if; return new; end $x$;
            create trigger lock before update on agent for each row execute function lock()
            """);
        await PutSlugsAsync(fixture, SyncFixture.Early, "a", "b", "c");

        var report = await PutSlugsAsync(fixture, SyncFixture.Late, "b", "a", "z");

        Assert.Equal((RunStatus.Partial, 2L, 1L), (report.Status, report.Entities[0].Updated, report.Entities[0].Rejected));
        Assert.Equal(["b", "a", "c"], await fixture.RowsAsync("select slug from agent order by bubble_id"));
    }

    [Fact]
    public async Task A_held_link_that_the_table_refuses_waits_and_the_others_are_restored_and_patches_run()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres))
            .WithPatches(("010-fill", "update agent set introducer = 'p' where introducer is null"));
        await fixture.ExecuteAsync($"{Login}; alter table agent add unique (linked_user_login)");
        foreach (var (number, user) in new[] { (1, 8), (2, 8), (3, 9) })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Linked User Login\": \"{SyncFixture.Id(user)}\""));
        await fixture.ResyncAsync("agent");
        fixture.Put("user", SyncFixture.Record(8, SyncFixture.Early));
        fixture.Put("user", SyncFixture.Record(9, SyncFixture.Early));

        var report = await fixture.ResyncAsync("user");

        Assert.Equal(RunStatus.Partial, report.Status);
        Assert.Contains("another row has the same value", Assert.Single(report.Errors, e => e.Code == ErrorCode.LinkRefused).Message, StringComparison.Ordinal);
        Assert.Equal([$"{SyncFixture.Id(8)}|p", "~|p", $"{SyncFixture.Id(9)}|p"], await fixture.RowsAsync("select linked_user_login, introducer from agent "
            + "order by bubble_id"));
        Assert.False((await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit)).Success);
    }

    [Fact]
    public async Task A_held_link_that_a_trigger_keeps_out_is_reported()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches();
        await fixture.ExecuteAsync(Login);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, $"\"Linked User Login\": \"{SyncFixture.Id(9)}\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync(Keep("linked_user_login"));
        fixture.Put("user", SyncFixture.Record(9, SyncFixture.Early));

        var report = await fixture.ResyncAsync("user");

        Assert.Equal(RunStatus.Partial, report.Status);
        Assert.Contains("A trigger that fires before an update keeps them out", Assert.Single(report.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mark_that_a_unique_index_keeps_is_named_and_all_others_load()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("create unique index on agent (slug) where deleted_in_bubble_at is null");
        await PutSlugsAsync(fixture, SyncFixture.Early, "a", "b", "c");
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));
        await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Soft, PruneLimitPercent = 100 });
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Late, "\"Slug\": \"a\""));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Slug\": \"a\""));
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Late, "\"Slug\": \"z\""));

        var report = await fixture.ResyncAsync("agent");

        var error = Assert.Single(report.Errors);
        Assert.Equal((RunStatus.Partial, ErrorCode.MarkKept, SyncFixture.Id(1)), (report.Status, error.Code, error.BubbleId));
        Assert.Equal("z", await fixture.ScalarAsync<string>($"select slug from agent where bubble_id = '{SyncFixture.Id(3)}'"));
    }

    [Fact]
    public async Task A_mark_that_a_trigger_keeps_is_reported()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await PutSlugsAsync(fixture, SyncFixture.Early, "a", "b", "c");
        await fixture.ExecuteAsync("update agent set deleted_in_bubble_at = now() where slug = 'a'; " + Keep("deleted_in_bubble_at"));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(ErrorCode.MarkKept, Assert.Single(report.Errors).Code);
    }

    [Fact]
    public async Task A_mark_that_a_trigger_takes_away_again_is_no_pruned_row()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await PutSlugsAsync(fixture, SyncFixture.Early, "a", "b", "c");
        await fixture.ExecuteAsync(Keep("deleted_in_bubble_at"));
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Soft, PruneLimitPercent = 100 });

        Assert.Equal((RunStatus.Partial, 0L), (report.Status, report.Entities[0].Pruned));
        Assert.Contains(
            "a trigger of table \"public\".\"agent\" keeps 1 of 1 rows from being marked", Assert.Single(report.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rejected_record_that_a_comparison_found_gone_is_not_loaded_again()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"long\""));
        await fixture.ExecuteAsync("alter table agent alter name type varchar(2)");
        await fixture.ResyncAsync("agent");
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));
        await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit);
        await fixture.ExecuteAsync("alter table agent alter name type text");

        await Record.ExceptionAsync(() => fixture.Engine().ReprocessAsync("last", false, fixture.Limit));

        Assert.Equal(0L, await fixture.ScalarAsync<long>("select count(*) from agent"));
        Assert.Equal(0L, await fixture.ScalarAsync<long>("select count(*) from bubblesync.rejected_record where superseded_by is null"));
    }

    private static void Put(SyncFixture fixture, string modified, params int[] values)
    {
        foreach (var (index, value) in values.Index())
            fixture.Put("agent", SyncFixture.Record(index + 1, modified, $"\"Commission\": {value}"));
    }

    private static async Task<RunReport> PutSlugsAsync(SyncFixture fixture, string modified, params string[] slugs)
    {
        foreach (var (index, slug) in slugs.Index())
            fixture.Put("agent", SyncFixture.Record(index + 1, modified, $"\"Slug\": \"{slug}\""));
        return await fixture.ResyncAsync("agent");
    }

    private static string Keep(string column) =>
        $"create function keep() returns trigger language plpgsql as $x$ begin new.{column} := old.{column}; return new; end $x$; "
        + "create trigger keep before update on agent for each row execute function keep()";
}
