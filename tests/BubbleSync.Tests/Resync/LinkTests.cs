using BubbleSync.Etl.Reports;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.10: links to what is missing, with and without real foreign keys.</summary>
public sealed class LinkTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Keys =
        """
        alter table agent add constraint agent_user foreign key (linked_user_login) references "user" (bubble_id);
        alter table "user" add constraint user_agent foreign key (linked_agent_profile) references agent (bubble_id);
        alter table customer add constraint customer_agent foreign key (linked_agent) references agent (bubble_id);
        alter table invoice add constraint invoice_customer foreign key (linked_customer) references customer (customer_id);
        alter table invoice add constraint invoice_seda foreign key (linked_seda_registration) references seda_registration (bubble_id);
        alter table invoice add constraint invoice_creator foreign key (created_by) references "user" (bubble_id);
        alter table payment add constraint payment_invoice foreign key (linked_invoice) references invoice (bubble_id);
        alter table seda_registration add constraint seda_customer foreign key (linked_customer) references customer (customer_id);
        """;

    [Fact]
    public async Task A_missing_target_is_reported_once_for_each_entity_column_and_target()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("Customer_Profile", SyncFixture.Record(1, SyncFixture.Early, "\"Linked Agent\": \"1x9\", \"Created By\": \"admin_user_app_live\""));
        fixture.Put("Customer_Profile", SyncFixture.Record(2, SyncFixture.Early, "\"Linked Agent\": \"1x9\""));
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Early, $"\"Linked Agent\": \"1x9\", \"Linked Customer\": \"{SyncFixture.Id(1)}\", \"Linked Payment\": [\"1x7\", \"{SyncFixture.Id(5)}\", \"{SyncFixture.Id(6)}\", \"1x7\"], \"Linked Package\": \"1x8\""));
        fixture.Put("payment", SyncFixture.Record(5, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(3)}\""));
        fixture.Put("submit_payment", SyncFixture.Record(6, SyncFixture.Early));

        var report = await fixture.ResyncAsync();

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal(
            [$"customer|linked_agent|{SyncFixture.Id(1)}|agent|1x9", $"invoice|linked_agent|{SyncFixture.Id(3)}|agent|1x9", $"invoice|linked_payment|{SyncFixture.Id(3)}|payment|1x7"],
            await fixture.RowsAsync($"select entity, column_name, bubble_id, target_entity, target_id from bubblesync.missing_link where run_id = '{report.RunId}' order by 1, 2"));
        Assert.Equal(["customer 1", "invoice 2"], report.Entities.Where(e => e.MissingLinks > 0).Select(e => $"{e.Name} {e.MissingLinks}"));
        Assert.Equal(["customer|1", "invoice|2"], await fixture.RowsAsync("select entity, missing_links from bubblesync.run_entity where missing_links > 0 order by 1"));
        Assert.Equal("1x9|admin_user_app_live", await fixture.RowAsync($"select linked_agent, created_by from customer where customer_id = '{SyncFixture.Id(1)}'"));
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
        Assert.Equal([1, 1, 0], reports.Select(r => r.Warnings.Count(w => w.StartsWith("invoice: values of 'type'", StringComparison.Ordinal) && w.EndsWith("\"kind\" has them, held back as NULL until then: 1.", StringComparison.Ordinal))));
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
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Early, $"\"Linked SEDA registration\": \"{SyncFixture.Id(4)}\", \"Created By\": \"{SyncFixture.Id(2)}\""));
        fixture.Put("seda_registration", SyncFixture.Record(4, SyncFixture.Early));

        var report = await fixture.ResyncAsync();

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.All(report.Entities, e => Assert.Equal(0, e.MissingLinks));
        Assert.Equal($"{SyncFixture.Id(2)}|{SyncFixture.Id(1)}", await fixture.RowAsync("select a.linked_user_login, u.linked_agent_profile from agent a, \"user\" u"));
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
        Assert.Equal($"{SyncFixture.Id(2)}|5|2026-03-01T08:00:00Z|true", await fixture.RowAsync("select linked_invoice, amount, modified_date, updated_at = modified_date from payment"));
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
    public async Task A_held_link_that_Bubble_takes_back_is_never_restored()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Keys);
        fixture.Put("payment", SyncFixture.Record(1, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(2)}\""));
        await fixture.ResyncAsync();
        fixture.Put("payment", SyncFixture.Record(1, SyncFixture.Late, "\"Linked Invoice\": null"));
        await fixture.ResyncAsync();
        fixture.Put("invoice", SyncFixture.Record(2, SyncFixture.Early));

        await fixture.ResyncAsync();

        Assert.Equal("~", await fixture.RowAsync("select linked_invoice from payment"));
    }

    [Fact]
    public async Task A_restored_link_wins_over_what_a_patch_filled_meanwhile()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Keys);
        fixture.Put("seda_registration", SyncFixture.Record(4, SyncFixture.Early, $"\"Linked Invoice\": [\"{SyncFixture.Id(3)}\"]"));
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Early, $"\"Linked SEDA registration\": \"{SyncFixture.Id(5)}\""));
        await fixture.ResyncAsync();
        var patched = await fixture.ScalarAsync<string>("select linked_seda_registration from invoice");
        fixture.Put("seda_registration", SyncFixture.Record(5, SyncFixture.Early));

        await fixture.ResyncAsync();

        Assert.Equal(SyncFixture.Id(4), patched);
        Assert.Equal(SyncFixture.Id(5), await fixture.ScalarAsync<string>("select linked_seda_registration from invoice"));
    }

    [Theory]
    [InlineData("status = 'mine'", 5)]
    [InlineData("linked_seda_registration = null", 5)]
    [InlineData("linked_seda_registration = (select bubble_id from seda_registration where agent = 'other')", 6)]
    public async Task A_restored_link_wins_over_a_patch_in_a_row_that_is_edited_here_unless_the_link_is_what_was_edited(string edit, int linked)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Keys);
        fixture.Put("seda_registration", SyncFixture.Record(4, SyncFixture.Early, $"\"Linked Invoice\": [\"{SyncFixture.Id(3)}\"]"));
        fixture.Put("seda_registration", SyncFixture.Record(6, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Early, $"\"Linked SEDA registration\": \"{SyncFixture.Id(5)}\""));
        await fixture.ResyncAsync();
        await fixture.ExecuteAsync($"update seda_registration set agent = 'other' where bubble_id = '{SyncFixture.Id(6)}'");
        await fixture.ExecuteAsync($"update invoice set {edit}, updated_at = now() + interval '1 hour'");
        fixture.Put("seda_registration", SyncFixture.Record(5, SyncFixture.Early));

        await fixture.ResyncAsync();

        Assert.Equal(SyncFixture.Id(linked), await fixture.ScalarAsync<string>("select linked_seda_registration from invoice"));
        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from bubblesync.held_link"));
    }

    [Fact]
    public async Task A_held_link_goes_over_no_value_that_was_entered_here_where_no_patch_filled_one()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-nothing", "select 1"));
        await fixture.ExecuteAsync(Keys);
        fixture.Put("seda_registration", SyncFixture.Record(6, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Early, $"\"Linked SEDA registration\": \"{SyncFixture.Id(5)}\""));
        await fixture.ResyncAsync();
        await fixture.ExecuteAsync($"update invoice set linked_seda_registration = '{SyncFixture.Id(6)}', updated_at = now() + interval '1 hour'");
        // The patches run over the edited row once before the target comes.
        await fixture.ResyncAsync();
        fixture.Put("seda_registration", SyncFixture.Record(5, SyncFixture.Early));

        await fixture.ResyncAsync();

        Assert.Equal(SyncFixture.Id(6), await fixture.ScalarAsync<string>("select linked_seda_registration from invoice"));
        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from bubblesync.held_link"));
    }

    [Fact]
    public async Task A_held_link_goes_over_no_value_that_replaced_what_a_patch_filled_though_the_row_was_not_stamped()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Keys);
        fixture.Put("seda_registration", SyncFixture.Record(4, SyncFixture.Early, $"\"Linked Invoice\": [\"{SyncFixture.Id(3)}\"]"));
        fixture.Put("seda_registration", SyncFixture.Record(6, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Early, $"\"Linked SEDA registration\": \"{SyncFixture.Id(5)}\""));
        await fixture.ResyncAsync();
        await fixture.ExecuteAsync($"update invoice set linked_seda_registration = '{SyncFixture.Id(6)}' where linked_seda_registration = '{SyncFixture.Id(4)}'");
        fixture.Put("seda_registration", SyncFixture.Record(5, SyncFixture.Early));

        await fixture.ResyncAsync();

        Assert.Equal(SyncFixture.Id(6), await fixture.ScalarAsync<string>("select linked_seda_registration from invoice"));
    }

    [Fact]
    public async Task A_restored_link_goes_over_what_one_patch_filled_and_another_changed()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(
            ("010-fill", $"update invoice set linked_customer = '{SyncFixture.Id(7)}' where linked_customer is null"),
            ("020-change", $"update invoice set linked_customer = '{SyncFixture.Id(8)}' where linked_customer = '{SyncFixture.Id(7)}'"));
        await fixture.ExecuteAsync(Keys);
        fixture.Put("Customer_Profile", SyncFixture.Record(7, SyncFixture.Early));
        fixture.Put("Customer_Profile", SyncFixture.Record(8, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Early, $"\"Linked Customer\": \"{SyncFixture.Id(9)}\""));
        await fixture.ResyncAsync();
        var filled = await fixture.ScalarAsync<string>("select linked_customer from invoice");
        fixture.Put("Customer_Profile", SyncFixture.Record(9, SyncFixture.Early));

        await fixture.ResyncAsync();

        Assert.Equal((SyncFixture.Id(8), SyncFixture.Id(9)), (filled, await fixture.ScalarAsync<string>("select linked_customer from invoice")));
    }

    [Fact]
    public async Task A_link_of_a_record_that_was_not_taken_because_of_a_local_edit_is_not_restored_later()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches();
        await fixture.ExecuteAsync(Keys);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"old\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("update agent set name = 'mine', updated_at = now() + interval '1 hour'");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, $"\"Name\": \"new\", \"Linked User Login\": \"{SyncFixture.Id(9)}\""));
        var kept = await fixture.ResyncAsync("agent");
        fixture.Put("user", SyncFixture.Record(9, SyncFixture.Early));

        await fixture.ResyncAsync("user");

        Assert.Equal(1, kept.Entities[0].Conflicts);
        Assert.Equal("mine|~", await fixture.RowAsync("select name, linked_user_login from agent"));
    }

    [Fact]
    public async Task A_held_link_that_a_trigger_keeps_out_waits_on()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Keys);
        fixture.Put("seda_registration", SyncFixture.Record(4, SyncFixture.Early, $"\"Linked Invoice\": [\"{SyncFixture.Id(3)}\"]"));
        fixture.Put("invoice", SyncFixture.Record(3, SyncFixture.Early, $"\"Linked SEDA registration\": \"{SyncFixture.Id(5)}\""));
        await fixture.ResyncAsync();
        await fixture.ExecuteAsync(
            """
            create function keep() returns trigger language plpgsql as $$ begin new.linked_seda_registration = old.linked_seda_registration; return new; end $$;
            create trigger keep before update on invoice for each row execute function keep()
            """);
        fixture.Put("seda_registration", SyncFixture.Record(5, SyncFixture.Early));
        await fixture.ResyncAsync();
        var kept = await fixture.ScalarAsync<string>("select linked_seda_registration from invoice");
        await fixture.ExecuteAsync("drop trigger keep on invoice");

        await fixture.ResyncAsync();

        Assert.Equal((SyncFixture.Id(4), SyncFixture.Id(5)), (kept, await fixture.ScalarAsync<string>("select linked_seda_registration from invoice")));
    }

    [Fact]
    public async Task Several_held_links_of_a_row_are_restored_though_a_trigger_stamps_each_write()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches((
            "010-fill",
            $"update invoice set linked_customer = '{SyncFixture.Id(8)}' where linked_customer is null; "
            + $"update invoice set linked_seda_registration = '{SyncFixture.Id(4)}' where linked_seda_registration is null"));
        await fixture.ExecuteAsync(Keys);
        await fixture.ExecuteAsync(
            """
            create function stamp() returns trigger language plpgsql as $$ begin new.updated_at = clock_timestamp(); return new; end $$;
            create trigger stamp before update on invoice for each row execute function stamp()
            """);
        fixture.Put("seda_registration", SyncFixture.Record(4, SyncFixture.Early));
        fixture.Put("Customer_Profile", SyncFixture.Record(8, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(
            3, SyncFixture.Early, $"\"Linked SEDA registration\": \"{SyncFixture.Id(5)}\", \"Linked Customer\": \"{SyncFixture.Id(9)}\""));
        await fixture.ResyncAsync();
        var filled = await fixture.RowAsync("select linked_customer, linked_seda_registration from invoice");
        fixture.Put("seda_registration", SyncFixture.Record(5, SyncFixture.Early));
        fixture.Put("Customer_Profile", SyncFixture.Record(9, SyncFixture.Early));

        await fixture.ResyncAsync();

        Assert.Equal($"{SyncFixture.Id(8)}|{SyncFixture.Id(4)}", filled);
        Assert.Equal($"{SyncFixture.Id(9)}|{SyncFixture.Id(5)}", await fixture.RowAsync("select linked_customer, linked_seda_registration from invoice"));
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
