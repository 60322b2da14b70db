using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;
using static BubbleSync.Tests.Resync.Triggers;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.7: triggers that keep rows out are named, and triggers that stamp <c>updated_at</c> make no conflict.</summary>
public sealed class TriggerTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_trigger_that_puts_the_old_row_back_keeps_an_update_out_too(bool force)
    {
        await using var fixture = await SyncedAsync(2);
        await fixture.ExecuteAsync(Trigger("put_back", "before update", "return case when new.name = 'Ann' then old else new end"));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"Ann\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Late, "\"Name\": \"Bob\""));

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Force = force });

        Assert.Equal(RunStatus.Failed, report.Status);
        var error = Assert.Single(report.Errors).Message;
        Assert.Contains("trigger 'put_back' of table \"public\".\"agent\" kept 1 of 2 updates out", error, StringComparison.Ordinal);
        Assert.Equal(2, await fixture.ScalarAsync<long>("select count(*) from agent where name = 'old'"));
    }

    [Theory]
    [InlineData(SyncFixture.Early)]
    [InlineData(null)]
    public async Task An_update_by_force_that_a_trigger_puts_back_is_found_though_the_date_stays(string? modified)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in new[] { 1, 2 })
            fixture.Put("agent", SyncFixture.Record(number, modified, "\"Name\": \"old\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync(Trigger("put_back", "before update", "return case when new.name = 'Ann' then old else new end"));
        fixture.Put("agent", SyncFixture.Record(1, modified, "\"Name\": \"Ann\""));
        fixture.Put("agent", SyncFixture.Record(2, modified, "\"Name\": \"Bob\""));

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Force = true });

        Assert.Contains("kept 1 of 2 updates out", Assert.Single(report.Errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Updates_that_a_trigger_keeps_out_stop_the_merge_and_are_named(bool force)
    {
        await using var fixture = await SyncedAsync(3);
        await fixture.ExecuteAsync(Trigger("keep_out", "before update", "return case when new.name = 'Ann' then null else new end"));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"Ann\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Late, "\"Name\": \"Bob\""));
        fixture.Put("agent", SyncFixture.Record(4, SyncFixture.Late, "\"Name\": \"New\""));

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Force = force });

        Assert.Equal(RunStatus.Failed, report.Status);
        var error = Assert.Single(report.Errors, e => e is { Code: ErrorCode.RowsNotTaken, Entity: "agent" });
        Assert.Contains("trigger 'keep_out' of table \"public\".\"agent\" kept 1 of 2 updates out", error.Message, StringComparison.Ordinal);
        Assert.Equal("3|3", await fixture.RowAsync("select count(*), count(*) filter (where name = 'old') from agent"));
    }

    [Fact]
    public async Task New_rows_and_updates_that_are_kept_out_are_counted_each()
    {
        await using var fixture = await SyncedAsync(2);
        await fixture.ExecuteAsync(Trigger("a_stamp", "before insert or update", "return new"));
        await fixture.ExecuteAsync(Trigger("keep_out", "before insert or update", "return null"));
        foreach (var number in new[] { 1, 2, 3, 4, 5 })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Late, "\"Name\": \"Ann\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Contains("one of the triggers 'a_stamp', 'keep_out' of table", Assert.Single(report.Errors).Message, StringComparison.Ordinal);
        Assert.Contains("kept 3 of 3 new rows and 2 of 2 updates out", Assert.Single(report.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trigger_that_alters_values_keeps_nothing_out()
    {
        await using var fixture = await SyncedAsync(2);
        await fixture.ExecuteAsync(
            Trigger("upper", "before insert or update", "new.name = upper(new.name); new.slug = coalesce(new.slug, 'made'); return new"));
        await fixture.ExecuteAsync("update agent set slug = 'set'; alter table agent alter slug set not null");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"Ann\""));
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Early, "\"Name\": \"Cid\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 1L, 1L, 1L), (report.Status, report.Entities[0].Inserted, report.Entities[0].Updated, report.Entities[0].Unchanged));
        Assert.Equal(["ANN|set", "OLD|set", "CID|made"], await fixture.RowsAsync("select name, slug from agent order by bubble_id"));
    }

    [Fact]
    public async Task A_trigger_that_is_switched_off_is_not_asked()
    {
        await using var fixture = await SyncedAsync(1);
        await fixture.ExecuteAsync(Trigger("keep_out", "before update", "return null") + "; alter table agent disable trigger keep_out");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"Ann\""));

        Assert.Equal((1L, "Ann"), ((await fixture.ResyncAsync("agent")).Entities[0].Updated, await fixture.ScalarAsync<string>("select name from agent")));
    }

    [Fact]
    public async Task A_table_without_triggers_records_no_own_writes()
    {
        await using var fixture = await SyncedAsync(2);
        await fixture.ExecuteAsync("update agent set updated_at = clock_timestamp()");

        await fixture.ResyncAsync("agent");

        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from bubblesync.own_write"));
    }

    private async Task<SyncFixture> SyncedAsync(int agents)
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, agents))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, "\"Name\": \"old\""));
        await fixture.ResyncAsync("agent");
        return fixture;
    }
}
