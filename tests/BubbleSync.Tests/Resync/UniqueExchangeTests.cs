using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.5: records that need each other, because they exchange unique values or refer to each other, all load.</summary>
public sealed class UniqueExchangeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("alter table agent add unique (email)")]
    [InlineData("alter table agent alter email set not null, add unique (email)")]
    [InlineData("create unique index on agent (lower(email))")]
    [InlineData("create unique index on agent (email) where deleted_in_bubble_at is null")]
    [InlineData("alter table agent add unique nulls not distinct (email)")]
    [InlineData("alter table agent add unique (email, commission)")]
    [InlineData("alter table agent add unique (email) deferrable initially deferred")]
    [InlineData("alter table agent alter commission set not null, add unique (commission)")]
    [InlineData("alter table agent add unique (annual_collection)")]
    [InlineData("alter table agent alter last_update_annual_sales set not null, add unique (last_update_annual_sales)")]
    [InlineData("alter table agent alter name type varchar(1), alter name set not null, add unique (name)")]
    [InlineData("alter table agent alter email set not null, add unique (email), add check (email ~ '^[a-z][0-9]@[a-z]$')")]
    [InlineData("alter table agent alter email set not null, add unique (email), add check (email ~ '^a[0-9]@x$')")]
    [InlineData("alter table agent alter commission set not null, add unique (commission), add check (commission between -30 and 12)")]
    [InlineData("alter table agent alter commission set not null, add unique (commission), add check (commission between 0 and 12)")]
    public async Task Records_that_exchange_unique_values_all_load(string rule)
    {
        static string Fields(int value) =>
            $"\"Name\": \"{value}\", \"email\": \"a{value}@x\", \"Commission\": {value * 3}, \"Annual Collection\": {value}.5, "
            + $"\"Last Update Annual Sales\": \"2026-01-0{value + 1}T00:00:00.000Z\"";

        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(rule);
        for (var number = 0; number < 5; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, Fields(number)));
        await fixture.ResyncAsync("agent");
        // Two exchange, three go round.
        int[] next = [1, 0, 3, 4, 2];
        for (var number = 0; number < 5; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Late, Fields(next[number])));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 5L, 0L), (report.Status, report.Entities[0].Updated, report.Entities[0].Rejected));
        Assert.Equal(["a1@x|1", "a0@x|0", "a3@x|3", "a4@x|4", "a2@x|2"], await fixture.RowsAsync("select email, commission / 3 from agent order by bubble_id"));
        Assert.True(await fixture.ScalarAsync<bool>("select bool_and(updated_at = modified_date) from agent"));
    }

    [Fact]
    public async Task An_exchange_empties_no_column_that_may_not_be_cleared()
    {
        const int Agents = 10;
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithMap("agent", map => map.Replace(
            "\"from\": [\"email\", \"Email\"]", "\"from\": [\"email\", \"Email\"], \"absent\": \"clear\"", StringComparison.Ordinal));
        await fixture.ExecuteAsync("create unique index on agent (lower(email))");
        for (var number = 0; number < Agents; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"email\": \"a{number}@x\""));
        await fixture.ResyncAsync("agent");
        for (var number = 0; number < Agents; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Late, number < 2 ? $"\"email\": \"a{1 - number}@x\"" : "\"Name\": \"new\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 10L, 0L), (report.Status, report.Entities[0].Updated, report.Entities[0].Rejected));
        Assert.Equal("1 0 2 3 4 5 6 7 8 9", await fixture.ScalarAsync<string>("select string_agg(substr(email, 2, 1), ' ' order by bubble_id) from agent"));
    }

    [Fact]
    public async Task A_value_that_is_given_up_goes_to_a_new_record_beside_culprits()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add constraint one_mail unique (email), add constraint paid check (commission >= 0)");
        foreach (var number in new[] { 5, 6, 7 })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"email\": \"a{number}@x\""));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"email\": \"a5@x\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"email\": \"new@x\", \"Commission\": -1"));
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Early, "\"email\": \"a6@x\""));
        fixture.Put("agent", SyncFixture.Record(5, SyncFixture.Late, "\"email\": \"a7@x\""));
        fixture.Put("agent", SyncFixture.Record(7, SyncFixture.Late, "\"email\": \"a8@x\""));

        var report = await fixture.ResyncAsync("agent");

        var counts = report.Entities[0];
        Assert.Equal((1L, 2L, 1L, 2L, 6L), (counts.Inserted, counts.Updated, counts.Unchanged, counts.Rejected, counts.Extracted));
        Assert.Equal(
            [$"{SyncFixture.Id(1)}|a5@x", $"{SyncFixture.Id(5)}|a7@x", $"{SyncFixture.Id(6)}|a6@x", $"{SyncFixture.Id(7)}|a8@x"],
            await fixture.RowsAsync("select bubble_id, email from agent order by 1"));
        Assert.Equal(
            [$"{SyncFixture.Id(2)}|paid", $"{SyncFixture.Id(3)}|one_mail"],
            await fixture.RowsAsync("select bubble_id, field from bubblesync.rejected_record order by 1"));
    }

    [Fact]
    public async Task A_record_that_cannot_leave_its_value_takes_those_along_that_want_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add unique (email), add check (commission >= 0)");
        foreach (var number in new[] { 1, 2, 3, 4 })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"email\": \"a{number}@x\""));
        await fixture.ResyncAsync("agent");
        // 1 wants what 2 has, 2 what 3 has, and 3 must stay.
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"email\": \"a2@x\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Late, "\"email\": \"a3@x\""));
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Late, "\"email\": \"a9@x\", \"Commission\": -1"));
        fixture.Put("agent", SyncFixture.Record(4, SyncFixture.Late, "\"email\": \"a5@x\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((1L, 3L), (report.Entities[0].Updated, report.Entities[0].Rejected));
        Assert.Equal(["a1@x", "a2@x", "a3@x", "a5@x"], await fixture.RowsAsync("select email from agent order by bubble_id"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(", add check (name is distinct from 'Bob')")]
    public async Task Records_may_name_each_other_in_a_column_that_must_not_be_empty(string check)
    {
        static string Fields(int introducer) => $"\"Name\": \"{(introducer == 9 ? "Bob" : "Ann")}\", \"banker\": \"{SyncFixture.Id(introducer)}\"";

        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            $"alter table agent alter banker set not null, add constraint introduced foreign key (banker) references agent (bubble_id){check}");
        // The first names itself, two name each other, and one names a record that is missing.
        foreach (var (number, introducer) in new[] { (1, 1), (2, 1), (3, 4), (4, 3), (5, 9), (6, 5), (7, 6) })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, Fields(introducer)));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 4L, 3L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Equal([1, 2, 3, 4], (await fixture.RowsAsync("select right(bubble_id, 1) from agent order by 1")).Select(int.Parse!));
    }

    [Fact]
    public async Task A_dry_run_counts_refusals_and_exchanges_as_the_real_run_does()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent add unique (email) deferrable initially deferred, add check (commission >= 0)");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"email\": \"a@x\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"email\": \"b@x\""));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"email\": \"b@x\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Late, "\"email\": \"a@x\""));
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Early, "\"email\": \"a@x\""));
        fixture.Put("agent", SyncFixture.Record(4, SyncFixture.Early, "\"Commission\": -1"));
        var before = await fixture.SnapshotAsync();

        var dry = await fixture.ResyncAsync(new ResyncOptions { DryRun = true, Entities = ["agent"] });
        var after = await fixture.SnapshotAsync();
        var real = await fixture.ResyncAsync("agent");

        Assert.Equal(before, after);
        Assert.Equal((RunStatus.Partial, RunStatus.Partial), (dry.Status, real.Status));
        Assert.Equal((2L, 2L, 4L), (real.Entities[0].Updated, real.Entities[0].Rejected, real.Entities[0].Extracted));
        Assert.Equal((2L, 2L, 4L), (dry.Entities[0].Updated, dry.Entities[0].Rejected, dry.Entities[0].Extracted));
    }
}
