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
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("Customer_Profile", Scene.Record(1, Scene.Early, "\"Linked Agent\": \"1x9\", \"Created By\": \"admin_user_app_live\""));
        scene.Put("Customer_Profile", Scene.Record(2, Scene.Early, "\"Linked Agent\": \"1x9\""));
        scene.Put("invoice", Scene.Record(3, Scene.Early, $"\"Linked Agent\": \"1x9\", \"Linked Customer\": \"{Scene.Id(1)}\", \"Linked Payment\": [\"1x7\", \"{Scene.Id(5)}\", \"{Scene.Id(6)}\", \"1x7\"], \"Linked Package\": \"1x8\""));
        scene.Put("payment", Scene.Record(5, Scene.Early, $"\"Linked Invoice\": \"{Scene.Id(3)}\""));
        scene.Put("submit_payment", Scene.Record(6, Scene.Early));

        var report = await scene.ResyncAsync();

        Assert.Equal("succeeded", report.Status);
        Assert.Equal(
            [$"customer|linked_agent|{Scene.Id(1)}|agent|1x9", $"invoice|linked_agent|{Scene.Id(3)}|agent|1x9", $"invoice|linked_payment|{Scene.Id(3)}|payment|1x7"],
            await scene.RowsAsync($"select entity, column_name, bubble_id, target_entity, target_id from bubblesync.missing_link where run_id = '{report.RunId}' order by 1, 2"));
        Assert.Equal(["customer 1", "invoice 2"], report.Entities.Where(e => e.MissingLinks > 0).Select(e => $"{e.Name} {e.MissingLinks}"));
        Assert.Equal(["customer|1", "invoice|2"], await scene.RowsAsync("select entity, missing_links from bubblesync.run_entity where missing_links > 0 order by 1"));
        Assert.Equal("1x9|admin_user_app_live", await scene.RowAsync($"select linked_agent, created_by from customer where customer_id = '{Scene.Id(1)}'"));
    }

    [Fact]
    public async Task Values_that_wait_for_a_table_of_no_entity_are_told_for_as_long_as_they_wait()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync("create table kind (code text primary key); alter table invoice add foreign key (type) references kind (code)");
        scene.Put("invoice", Scene.Record(1, Scene.Early, "\"Type\": \"Hybrid\""));

        var reports = new List<Etl.RunReport> { await scene.ResyncAsync("invoice"), await scene.ResyncAsync("invoice") };
        await scene.ExecuteAsync("insert into kind values ('Hybrid')");
        reports.Add(await scene.ResyncAsync("invoice"));

        Assert.All(reports, r => Assert.Equal("succeeded", r.Status));
        Assert.Equal([1, 1, 0], reports.Select(r => r.Warnings.Count(w => w.StartsWith("invoice: values of 'type'", StringComparison.Ordinal) && w.EndsWith("\"kind\" has them, held back as NULL until then: 1.", StringComparison.Ordinal))));
        Assert.Equal("Hybrid", await scene.ScalarAsync<string>("select type from invoice"));
    }

    [Fact]
    public async Task A_row_that_is_gone_waits_for_nothing()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync("create table kind (code text primary key); alter table invoice add foreign key (type) references kind (code)");
        scene.Put("invoice", Scene.Record(1, Scene.Early, "\"Type\": \"Hybrid\""));
        await scene.ResyncAsync("invoice");
        await scene.ExecuteAsync("delete from invoice");
        scene.Bubble.Records.Delete("invoice", Scene.Id(1));

        Assert.DoesNotContain((await scene.ResyncAsync("invoice")).Warnings, w => w.Contains("held back", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Foreign_keys_that_form_a_circle_hold_no_run_up()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(Keys);
        scene.Put("agent", Scene.Record(1, Scene.Early, $"\"Linked User Login\": \"{Scene.Id(2)}\""));
        scene.Put("user", Scene.Record(2, Scene.Early, $"\"Linked Agent Profile\": \"{Scene.Id(1)}\""));
        scene.Put("invoice", Scene.Record(3, Scene.Early, $"\"Linked SEDA registration\": \"{Scene.Id(4)}\", \"Created By\": \"{Scene.Id(2)}\""));
        scene.Put("seda_registration", Scene.Record(4, Scene.Early));

        var report = await scene.ResyncAsync();

        Assert.Equal("succeeded", report.Status);
        Assert.All(report.Entities, e => Assert.Equal(0, e.MissingLinks));
        Assert.Equal($"{Scene.Id(2)}|{Scene.Id(1)}", await scene.RowAsync("select a.linked_user_login, u.linked_agent_profile from agent a, \"user\" u"));
        Assert.Equal(Scene.Id(4), await scene.ScalarAsync<string>("select linked_seda_registration from invoice"));
        Assert.Empty(await scene.RowsAsync("select target_id from bubblesync.held_link"));
    }

    [Fact]
    public async Task A_link_without_target_waits_for_a_later_run_and_nothing_is_written_meanwhile()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(Keys);
        scene.Put("payment", Scene.Record(1, Scene.Early, $"\"Linked Invoice\": \"{Scene.Id(2)}\", \"Amount\": 5"));
        var first = await scene.ResyncAsync();
        var before = await scene.SnapshotAsync();

        var second = await scene.ResyncAsync();
        var between = await scene.SnapshotAsync();
        scene.Put("invoice", Scene.Record(2, Scene.Early));
        await scene.ResyncAsync("invoice");

        Assert.Equal(("succeeded", "succeeded"), (first.Status, second.Status));
        Assert.Equal(before, between);
        Assert.Equal($"{Scene.Id(2)}|5|2026-03-01T08:00:00Z|true", await scene.RowAsync("select linked_invoice, amount, modified_date, updated_at = modified_date from payment"));
        Assert.Empty(await scene.RowsAsync("select target_id from bubblesync.held_link"));
    }

    [Fact]
    public async Task A_link_that_was_good_and_then_names_what_is_missing_does_not_keep_the_old_target()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(Keys);
        scene.Put("invoice", Scene.Record(2, Scene.Early));
        scene.Put("payment", Scene.Record(1, Scene.Early, $"\"Linked Invoice\": \"{Scene.Id(2)}\""));
        await scene.ResyncAsync();
        scene.Put("payment", Scene.Record(1, Scene.Late, $"\"Linked Invoice\": \"{Scene.Id(3)}\""));

        await scene.ResyncAsync();

        Assert.Equal("~", await scene.RowAsync("select linked_invoice from payment"));
        Assert.Equal(Scene.Id(3), await scene.ScalarAsync<string>("select target_id from bubblesync.held_link"));
    }

    [Fact]
    public async Task A_held_link_that_Bubble_takes_back_is_never_restored()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(Keys);
        scene.Put("payment", Scene.Record(1, Scene.Early, $"\"Linked Invoice\": \"{Scene.Id(2)}\""));
        await scene.ResyncAsync();
        scene.Put("payment", Scene.Record(1, Scene.Late, "\"Linked Invoice\": null"));
        await scene.ResyncAsync();
        scene.Put("invoice", Scene.Record(2, Scene.Early));

        await scene.ResyncAsync();

        Assert.Equal("~", await scene.RowAsync("select linked_invoice from payment"));
    }

    [Fact]
    public async Task A_restored_link_wins_over_what_a_patch_filled_meanwhile()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(Keys);
        scene.Put("seda_registration", Scene.Record(4, Scene.Early, $"\"Linked Invoice\": [\"{Scene.Id(3)}\"]"));
        scene.Put("invoice", Scene.Record(3, Scene.Early, $"\"Linked SEDA registration\": \"{Scene.Id(5)}\""));
        await scene.ResyncAsync();
        var patched = await scene.ScalarAsync<string>("select linked_seda_registration from invoice");
        scene.Put("seda_registration", Scene.Record(5, Scene.Early));

        await scene.ResyncAsync();

        Assert.Equal(Scene.Id(4), patched);
        Assert.Equal(Scene.Id(5), await scene.ScalarAsync<string>("select linked_seda_registration from invoice"));
    }

    [Theory]
    [InlineData("status = 'mine'", 5)]
    [InlineData("linked_seda_registration = null", 5)]
    [InlineData("linked_seda_registration = (select bubble_id from seda_registration where agent = 'other')", 6)]
    public async Task A_restored_link_wins_over_a_patch_in_a_row_that_is_edited_here_unless_the_link_is_what_was_edited(string edit, int linked)
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(Keys);
        scene.Put("seda_registration", Scene.Record(4, Scene.Early, $"\"Linked Invoice\": [\"{Scene.Id(3)}\"]"));
        scene.Put("seda_registration", Scene.Record(6, Scene.Early));
        scene.Put("invoice", Scene.Record(3, Scene.Early, $"\"Linked SEDA registration\": \"{Scene.Id(5)}\""));
        await scene.ResyncAsync();
        await scene.ExecuteAsync($"update seda_registration set agent = 'other' where bubble_id = '{Scene.Id(6)}'");
        await scene.ExecuteAsync($"update invoice set {edit}, updated_at = now() + interval '1 hour'");
        scene.Put("seda_registration", Scene.Record(5, Scene.Early));

        await scene.ResyncAsync();

        Assert.Equal(Scene.Id(linked), await scene.ScalarAsync<string>("select linked_seda_registration from invoice"));
        Assert.Equal(0, await scene.ScalarAsync<long>("select count(*) from bubblesync.held_link"));
    }

    [Fact]
    public async Task A_held_link_goes_over_no_value_that_was_entered_here_where_no_patch_filled_one()
    {
        await using var scene = (await Scene.OpenAsync(postgres)).WithPatches(("010-nothing", "select 1"));
        await scene.ExecuteAsync(Keys);
        scene.Put("seda_registration", Scene.Record(6, Scene.Early));
        scene.Put("invoice", Scene.Record(3, Scene.Early, $"\"Linked SEDA registration\": \"{Scene.Id(5)}\""));
        await scene.ResyncAsync();
        await scene.ExecuteAsync($"update invoice set linked_seda_registration = '{Scene.Id(6)}', updated_at = now() + interval '1 hour'");
        // The patches run over the edited row once before the target comes.
        await scene.ResyncAsync();
        scene.Put("seda_registration", Scene.Record(5, Scene.Early));

        await scene.ResyncAsync();

        Assert.Equal(Scene.Id(6), await scene.ScalarAsync<string>("select linked_seda_registration from invoice"));
        Assert.Equal(0, await scene.ScalarAsync<long>("select count(*) from bubblesync.held_link"));
    }

    [Fact]
    public async Task A_held_link_goes_over_no_value_that_replaced_what_a_patch_filled_though_the_row_was_not_stamped()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(Keys);
        scene.Put("seda_registration", Scene.Record(4, Scene.Early, $"\"Linked Invoice\": [\"{Scene.Id(3)}\"]"));
        scene.Put("seda_registration", Scene.Record(6, Scene.Early));
        scene.Put("invoice", Scene.Record(3, Scene.Early, $"\"Linked SEDA registration\": \"{Scene.Id(5)}\""));
        await scene.ResyncAsync();
        await scene.ExecuteAsync($"update invoice set linked_seda_registration = '{Scene.Id(6)}' where linked_seda_registration = '{Scene.Id(4)}'");
        scene.Put("seda_registration", Scene.Record(5, Scene.Early));

        await scene.ResyncAsync();

        Assert.Equal(Scene.Id(6), await scene.ScalarAsync<string>("select linked_seda_registration from invoice"));
    }

    [Fact]
    public async Task A_restored_link_goes_over_what_one_patch_filled_and_another_changed()
    {
        await using var scene = (await Scene.OpenAsync(postgres)).WithPatches(
            ("010-fill", $"update invoice set linked_customer = '{Scene.Id(7)}' where linked_customer is null"),
            ("020-change", $"update invoice set linked_customer = '{Scene.Id(8)}' where linked_customer = '{Scene.Id(7)}'"));
        await scene.ExecuteAsync(Keys);
        scene.Put("Customer_Profile", Scene.Record(7, Scene.Early));
        scene.Put("Customer_Profile", Scene.Record(8, Scene.Early));
        scene.Put("invoice", Scene.Record(3, Scene.Early, $"\"Linked Customer\": \"{Scene.Id(9)}\""));
        await scene.ResyncAsync();
        var filled = await scene.ScalarAsync<string>("select linked_customer from invoice");
        scene.Put("Customer_Profile", Scene.Record(9, Scene.Early));

        await scene.ResyncAsync();

        Assert.Equal((Scene.Id(8), Scene.Id(9)), (filled, await scene.ScalarAsync<string>("select linked_customer from invoice")));
    }

    [Fact]
    public async Task A_link_of_a_record_that_was_not_taken_because_of_a_local_edit_is_not_restored_later()
    {
        await using var scene = (await Scene.OpenAsync(postgres)).WithPatches();
        await scene.ExecuteAsync(Keys);
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Name\": \"old\""));
        await scene.ResyncAsync("agent");
        await scene.ExecuteAsync("update agent set name = 'mine', updated_at = now() + interval '1 hour'");
        scene.Put("agent", Scene.Record(1, Scene.Late, $"\"Name\": \"new\", \"Linked User Login\": \"{Scene.Id(9)}\""));
        var kept = await scene.ResyncAsync("agent");
        scene.Put("user", Scene.Record(9, Scene.Early));

        await scene.ResyncAsync("user");

        Assert.Equal(1, kept.Entities[0].Conflicts);
        Assert.Equal("mine|~", await scene.RowAsync("select name, linked_user_login from agent"));
    }

    [Fact]
    public async Task A_held_link_that_a_trigger_keeps_out_waits_on()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(Keys);
        scene.Put("seda_registration", Scene.Record(4, Scene.Early, $"\"Linked Invoice\": [\"{Scene.Id(3)}\"]"));
        scene.Put("invoice", Scene.Record(3, Scene.Early, $"\"Linked SEDA registration\": \"{Scene.Id(5)}\""));
        await scene.ResyncAsync();
        await scene.ExecuteAsync(
            """
            create function keep() returns trigger language plpgsql as $$ begin new.linked_seda_registration = old.linked_seda_registration; return new; end $$;
            create trigger keep before update on invoice for each row execute function keep()
            """);
        scene.Put("seda_registration", Scene.Record(5, Scene.Early));
        await scene.ResyncAsync();
        var kept = await scene.ScalarAsync<string>("select linked_seda_registration from invoice");
        await scene.ExecuteAsync("drop trigger keep on invoice");

        await scene.ResyncAsync();

        Assert.Equal((Scene.Id(4), Scene.Id(5)), (kept, await scene.ScalarAsync<string>("select linked_seda_registration from invoice")));
    }

    [Fact]
    public async Task Several_held_links_of_a_row_are_restored_though_a_trigger_stamps_each_write()
    {
        await using var scene = (await Scene.OpenAsync(postgres)).WithPatches((
            "010-fill",
            $"update invoice set linked_customer = '{Scene.Id(8)}' where linked_customer is null; "
            + $"update invoice set linked_seda_registration = '{Scene.Id(4)}' where linked_seda_registration is null"));
        await scene.ExecuteAsync(Keys);
        await scene.ExecuteAsync(
            """
            create function stamp() returns trigger language plpgsql as $$ begin new.updated_at = clock_timestamp(); return new; end $$;
            create trigger stamp before update on invoice for each row execute function stamp()
            """);
        scene.Put("seda_registration", Scene.Record(4, Scene.Early));
        scene.Put("Customer_Profile", Scene.Record(8, Scene.Early));
        scene.Put("invoice", Scene.Record(
            3, Scene.Early, $"\"Linked SEDA registration\": \"{Scene.Id(5)}\", \"Linked Customer\": \"{Scene.Id(9)}\""));
        await scene.ResyncAsync();
        var filled = await scene.RowAsync("select linked_customer, linked_seda_registration from invoice");
        scene.Put("seda_registration", Scene.Record(5, Scene.Early));
        scene.Put("Customer_Profile", Scene.Record(9, Scene.Early));

        await scene.ResyncAsync();

        Assert.Equal($"{Scene.Id(8)}|{Scene.Id(4)}", filled);
        Assert.Equal($"{Scene.Id(9)}|{Scene.Id(5)}", await scene.RowAsync("select linked_customer, linked_seda_registration from invoice"));
    }

    [Fact]
    public async Task Generated_data_with_dangling_links_loads_under_foreign_keys_and_a_second_run_writes_nothing()
    {
        await using var scene = await Scene.OpenAsync(postgres, new() { Invoices = 60 });
        await scene.ExecuteAsync(Keys);
        var first = await scene.ResyncAsync();
        var before = await scene.SnapshotAsync();

        var second = await scene.ResyncAsync();

        Assert.Equal(("succeeded", "succeeded"), (first.Status, second.Status));
        Assert.All(first.Entities, e => Assert.Equal((scene.Bubble.Records.Count(Maps.Of(e.Name).Type), 0L), (e.Inserted, e.Updated)));
        Assert.Equal(before, await scene.SnapshotAsync());
        Assert.NotEmpty(await scene.RowsAsync("select target_id from bubblesync.held_link"));
    }
}
