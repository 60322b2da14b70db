using Xunit;
using static BubbleSync.Tests.Resync.ForeignKeys;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.10: when a held link is restored, and over which values.</summary>
public sealed class RestoredLinkTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
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
        await fixture.ExecuteAsync(
            $"update invoice set linked_seda_registration = '{SyncFixture.Id(6)}' where linked_seda_registration = '{SyncFixture.Id(4)}'");
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
}
