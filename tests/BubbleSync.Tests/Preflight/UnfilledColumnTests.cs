using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Preflight;

/// <summary>Columns that no map fills and that have rules: the advice that is printed lets more than one record load, or there is none.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class UnfilledColumnTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("add column \"Own\" integer not null unique")]
    [InlineData("add column \"Own\" smallint not null, add column shelf text default 'a', add unique (shelf, \"Own\")")]
    [InlineData("drop column id, add column \"Own\" bigint primary key")]
    [InlineData("add column \"Own\" integer not null, add exclude (\"Own\" with =)")]
    [InlineData("add column \"Own\" text not null unique")]
    [InlineData("add column \"Own\" varchar(36) not null unique")]
    [InlineData("add column \"Own\" text not null; create unique index on agent (lower(\"Own\"))")]
    [InlineData("drop column id, add column \"Own\" uuid primary key")]
    public async Task The_advice_for_a_unique_column_lets_all_records_load(string sql)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"alter table agent {sql}");

        await fixture.FollowAsync(await fixture.AssertStopsAsync("columns of agent", "'Own' of table", "no map fills it"), "alter table");

        await AssertLoadsThreeAsync(fixture);
    }

    [Fact]
    public async Task Numbers_begin_behind_those_that_the_rows_have()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            "alter table agent add column \"Own\" integer not null unique; insert into agent (bubble_id, \"Own\") values ('mine', 1), ('mine too', 3)");

        await fixture.FollowAsync(await fixture.AssertStopsAsync("columns of agent"), "alter table");

        await AssertLoadsThreeAsync(fixture);
    }

    [Theory]
    [InlineData("create table public.kind (code integer primary key); alter table agent add column own integer not null references public.kind")]
    [InlineData("alter table agent add column own text not null check (own <> '')")]
    [InlineData("alter table agent add column own integer not null unique check (own > 9)")]
    [InlineData("alter table agent add column own varchar(9) not null unique")]
    [InlineData("alter table agent add column own boolean not null unique")]
    [InlineData("alter table agent add column own numeric not null unique")]
    public async Task Where_no_default_suits_every_record_only_the_line_of_the_map_is_printed(string sql)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(sql);

        var message = await fixture.AssertStopsAsync("columns of agent", "For 'own', add a line to its map: { \"column\": \"own\"");

        Assert.DoesNotContain("alter table", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_column_of_no_type_that_a_map_has_is_to_get_a_default_that_its_rules_accept()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add column own inet not null unique");

        await fixture.AssertStopsAsync("columns of agent", "Give 'own' a default that its constraints and unique indexes accept for each record.");
    }

    [Theory]
    [InlineData("alter deleted_in_bubble_at set not null")]
    [InlineData("alter deleted_in_bubble_at set not null, alter deleted_in_bubble_at set default now()")]
    public async Task The_mark_of_deletion_must_allow_null(string sql)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"alter table agent {sql}");

        var message = await fixture.AssertStopsAsync("columns of agent", "'deleted_in_bubble_at' of table \"public\".\"agent\" must allow null");
        await fixture.FollowAsync(message, "alter table");

        Assert.DoesNotContain("set default", message, StringComparison.Ordinal);
        await AssertLoadsThreeAsync(fixture);
        Assert.Equal(3, await fixture.ScalarAsync<long>("select count(*) from agent where deleted_in_bubble_at is null"));
    }

    private static async Task AssertLoadsThreeAsync(SyncFixture fixture)
    {
        for (var number = 1; number <= 3; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early));
        var run = await fixture.ResyncAsync("agent");
        Assert.True(run.Status == RunStatus.Succeeded, string.Join('\n', run.Errors.Select(e => e.Message)));
        Assert.Equal(3, run.Entities[0].Inserted);
    }
}
