using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Patch;

/// <summary>Patches have a transaction each, which they cannot end; words in texts and bodies are no commands.</summary>
public sealed class PatchTransactionTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Good = "update agent set introducer = coalesce(introducer, '') || 'x'";

    [Fact]
    public async Task No_session_waits_for_a_lock_longer_than_a_minute()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres))
            .WithPatches(("010-limit", "update agent set introducer = current_setting('lock_timeout')"));
        await fixture.ExecuteAsync("insert into agent (bubble_id) values ('a1')");

        await fixture.Engine().PatchAsync([], fixture.Limit);

        Assert.Equal("1min", await fixture.ScalarAsync<string>("select introducer from agent"));
    }

    [Theory]
    [InlineData("update agent set commission = 9; commit")]
    [InlineData("/* why; */ update agent set commission = 9;\n-- and then;\n RollBack ;")]
    [InlineData("BEGIN; update agent set commission = 9; end")]
    public async Task One_that_ends_its_transaction_is_not_begun(string sql)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-bad", sql), ("020-good", Good));
        await fixture.ExecuteAsync("insert into agent (bubble_id, commission) values ('a1', 5)");

        var report = await fixture.Engine().PatchAsync([], fixture.Limit);

        Assert.Equal("failed, succeeded", string.Join(", ", report.Patches.Select(p => Word.Of(p.Status))));
        Assert.Equal("5|x", await fixture.RowAsync("select commission, introducer from agent"));
    }

    [Fact]
    public async Task Words_of_transactions_in_texts_names_comments_and_bodies_are_none()
    {
        const string Sql = """
            -- begin;
            update agent set introducer = 'a; commit; -- b', name = case when true then 'n' end;
            do $x$ begin update agent set slug = 's'; end $x$;
            -- report:
            select 'agent', bubble_id, '; rollback' from agent -- the end
            """;
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-odd", Sql));
        await fixture.ExecuteAsync("insert into agent (bubble_id) values ('a1')");

        var report = await fixture.Engine().PatchAsync([], fixture.Limit);

        Assert.Equal((PatchStatus.Succeeded, null), (report.Patches[0].Status, report.Patches[0].Error));
        Assert.Equal("a; commit; -- b|n|s", await fixture.RowAsync("select introducer, name, slug from agent"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_that_begins_atomic_is_no_transaction(bool isLast)
    {
        const string Function = "create function twice(n integer) returns integer begin atomic select case when n > 0 then n * 2 else 0 end; end";
        const string Use = "update agent set commission = twice(commission), slug = E'it\\'s; commit;', name = 'a\\'";
        var sql = isLast ? $"update agent set introducer = 'x'; {Function}" : $"{Function};\n{Use};";
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-atomic", sql));
        await fixture.ExecuteAsync("insert into agent (bubble_id, commission) values ('a1', 5)");

        var report = await fixture.Engine().PatchAsync([], fixture.Limit);

        Assert.Equal((PatchStatus.Succeeded, 1L, null), (report.Patches[0].Status, report.Patches[0].Rows, report.Patches[0].Error));
        Assert.Equal(isLast ? "5|~|~|x" : "10|it's; commit;|a\\|~", await fixture.RowAsync("select commission, slug, name, introducer from agent"));
    }
}
