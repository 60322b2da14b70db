using BubbleSync.Etl.Reports;
using Xunit;
using static BubbleSync.Tests.Resync.ForeignKeys;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.10: links to what is missing, with and without real foreign keys.</summary>
public sealed class LinkTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_missing_target_is_reported_once_for_each_entity_column_and_target()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("Customer_Profile", SyncFixture.Record(1, SyncFixture.Early, "\"Linked Agent\": \"1x9\", \"Created By\": \"admin_user_app_live\""));
        fixture.Put("Customer_Profile", SyncFixture.Record(2, SyncFixture.Early, "\"Linked Agent\": \"1x9\""));
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Early, $"\"Linked Agent\": \"1x9\", \"Linked Customer\": \"{SyncFixture.Id(1)}\", \"Linked "
            + $"Payment\": [\"1x7\", \"{SyncFixture.Id(5)}\", \"{SyncFixture.Id(6)}\", \"1x7\"], \"Linked Package\": \"1x8\""));
        fixture.Put("payment", SyncFixture.Record(5, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(3)}\""));
        fixture.Put("submit_payment", SyncFixture.Record(6, SyncFixture.Early));

        var report = await fixture.ResyncAsync();

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal(
            [
                $"customer|linked_agent|{SyncFixture.Id(1)}|agent|1x9", $"invoice|linked_agent|{SyncFixture.Id(3)}|agent|1x9",
                $"invoice|linked_payment|{SyncFixture.Id(3)}|payment|1x7",
            ],
            await fixture.RowsAsync(
                $"select entity, column_name, bubble_id, target_entity, target_id from bubblesync.missing_link where run_id = '{report.RunId}' order by 1, 2"));
        Assert.Equal(["customer 1", "invoice 2"], report.Entities.Where(e => e.MissingLinks > 0).Select(e => $"{e.Name} {e.MissingLinks}"));
        Assert.Equal(["customer|1", "invoice|2"], await fixture.RowsAsync("select entity, missing_links from bubblesync.run_entity where missing_links > "
            + "0 order by 1"));
        Assert.Equal("1x9|admin_user_app_live", await fixture.RowAsync("select linked_agent, created_by from customer where customer_id = "
            + $"'{SyncFixture.Id(1)}'"));
    }

    [Fact]
    public async Task Values_that_wait_for_a_table_of_no_entity_are_told_for_as_long_as_they_wait()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("create table kind (code text primary key); alter table invoice add foreign key (type) references kind (code)");
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, "\"Type\": \"Hybrid\""));

        var reports = new List<Etl.Reports.RunReport> { await fixture.ResyncAsync("invoice"), await fixture.ResyncAsync("invoice") };
        await fixture.ExecuteAsync("insert into kind values ('Hybrid')");
        reports.Add(await fixture.ResyncAsync("invoice"));

        Assert.All(reports, r => Assert.Equal(RunStatus.Succeeded, r.Status));
        Assert.Equal([1, 1, 0], reports.Select(
            r => r.Warnings.Count(w => w.StartsWith("invoice: values of 'type'", StringComparison.Ordinal) && w.EndsWith("\"kind\" has them, held back as "
                + "NULL until then: 1.", StringComparison.Ordinal))));
        Assert.Equal("Hybrid", await fixture.ScalarAsync<string>("select type from invoice"));
    }

    [Fact]
    public async Task A_row_that_is_gone_waits_for_nothing()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("create table kind (code text primary key); alter table invoice add foreign key (type) references kind (code)");
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, "\"Type\": \"Hybrid\""));
        await fixture.ResyncAsync("invoice");
        await fixture.ExecuteAsync("delete from invoice");
        fixture.Bubble.Records.Delete("invoice", SyncFixture.Id(1));

        Assert.DoesNotContain((await fixture.ResyncAsync("invoice")).Warnings, w => w.Contains("held back", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Foreign_keys_that_form_a_circle_hold_no_run_up()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Keys);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, $"\"Linked User Login\": \"{SyncFixture.Id(2)}\""));
        fixture.Put("user", SyncFixture.Record(2, SyncFixture.Early, $"\"Linked Agent Profile\": \"{SyncFixture.Id(1)}\""));
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Early, $"\"Linked SEDA registration\": \"{SyncFixture.Id(4)}\", \"Created By\": "
            + $"\"{SyncFixture.Id(2)}\""));
        fixture.Put("seda_registration", SyncFixture.Record(4, SyncFixture.Early));

        var report = await fixture.ResyncAsync();

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.All(report.Entities, e => Assert.Equal(0, e.MissingLinks));
        Assert.Equal($"{SyncFixture.Id(2)}|{SyncFixture.Id(1)}", await fixture.RowAsync("select a.linked_user_login, u.linked_agent_profile from agent "
            + "a, \"user\" u"));
        Assert.Equal(SyncFixture.Id(4), await fixture.ScalarAsync<string>("select linked_seda_registration from invoice"));
        Assert.Empty(await fixture.RowsAsync("select target_id from bubblesync.held_link"));
    }

    [Fact]
    public async Task A_link_without_target_waits_for_a_later_run_and_nothing_is_written_meanwhile()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Keys);
        fixture.Put("payment", SyncFixture.Record(1, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(2)}\", \"Amount\": 5"));
        var first = await fixture.ResyncAsync();
        var before = await fixture.SnapshotAsync();

        var second = await fixture.ResyncAsync();
        var between = await fixture.SnapshotAsync();
        fixture.Put("invoice", SyncFixture.Record(2, SyncFixture.Early));
        await fixture.ResyncAsync("invoice");

        Assert.Equal((RunStatus.Succeeded, RunStatus.Succeeded), (first.Status, second.Status));
        Assert.Equal(before, between);
        Assert.Equal($"{SyncFixture.Id(2)}|5|2026-03-01T08:00:00Z|true", await fixture.RowAsync("select linked_invoice, amount, modified_date, updated_at = "
            + "modified_date from payment"));
        Assert.Empty(await fixture.RowsAsync("select target_id from bubblesync.held_link"));
    }

    [Fact]
    public async Task A_link_that_was_good_and_then_names_what_is_missing_does_not_keep_the_old_target()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Keys);
        fixture.Put("invoice", SyncFixture.Record(2, SyncFixture.Early));
        fixture.Put("payment", SyncFixture.Record(1, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(2)}\""));
        await fixture.ResyncAsync();
        fixture.Put("payment", SyncFixture.Record(1, SyncFixture.Late, $"\"Linked Invoice\": \"{SyncFixture.Id(3)}\""));

        await fixture.ResyncAsync();

        Assert.Equal("~", await fixture.RowAsync("select linked_invoice from payment"));
        Assert.Equal(SyncFixture.Id(3), await fixture.ScalarAsync<string>("select target_id from bubblesync.held_link"));
    }

    [Fact]
    public async Task Generated_data_with_dangling_links_loads_under_foreign_keys_and_a_second_run_writes_nothing()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new() { Invoices = 60 });
        await fixture.ExecuteAsync(Keys);
        var first = await fixture.ResyncAsync();
        var before = await fixture.SnapshotAsync();

        var second = await fixture.ResyncAsync();

        Assert.Equal((RunStatus.Succeeded, RunStatus.Succeeded), (first.Status, second.Status));
        Assert.All(first.Entities, e => Assert.Equal((fixture.Bubble.Records.Count(Maps.Of(e.Name).Type), 0L), (e.Inserted, e.Updated)));
        Assert.Equal(before, await fixture.SnapshotAsync());
        Assert.NotEmpty(await fixture.RowsAsync("select target_id from bubblesync.held_link"));
    }
}
