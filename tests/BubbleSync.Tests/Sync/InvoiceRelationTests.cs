using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary>What belongs to an invoice, and is fetched with it.</summary>
public sealed class InvoiceRelationTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task An_invoice_comes_with_all_its_relations_and_with_none_of_theirs()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();

        var report = await fixture.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal(Family, await fixture.StoredAsync());
        var result = Assert.Single(report.Results);
        Assert.Equal((SyncFixture.Id(10), true), (result.InvoiceId, result.Success));
        Assert.Equal("agent customer user invoice payments submitted_payments invoice_items seda", result.Words());
        Assert.Equal("1 1 2 2 1 2 1 1", result.Stats.Words());
        Assert.Empty(result.Errors);
    }

    [Fact]
    public async Task Children_that_name_the_invoice_under_different_names_all_come()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early));
        fixture.Put("invoice_item", SyncFixture.Record(71, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(10)}\""));
        fixture.Put("invoice_item", SyncFixture.Record(72, SyncFixture.Early, $"\"Invoice\": \"{SyncFixture.Id(10)}\""));

        var report = await fixture.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal([SyncFixture.Id(71), SyncFixture.Id(72)], await fixture.RowsAsync("select bubble_id from invoice_item order by 1"));
    }

    [Fact]
    public async Task A_synced_invoice_is_stored_just_as_a_resync_stores_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await using var other = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        other.PutFamily();
        foreach (var (type, number) in new[] { ("agent", 9), ("user", 8), ("invoice", 11), ("payment", 29) })
            other.Bubble.Records.Delete(type, SyncFixture.Id(number));

        await fixture.SyncAsync(10);
        await other.ResyncAsync();

        Assert.Equal(await other.EndStateAsync(), await fixture.EndStateAsync());
    }

    [Theory]
    [InlineData("payment", "payment 70")]
    [InlineData("submit_payment", "submitted_payment 70")]
    [InlineData("invoice_item", "invoice_item 70")]
    public async Task A_child_that_only_names_the_invoice_comes_too(string type, string stored)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early));
        fixture.Put(type, SyncFixture.Record(70, SyncFixture.Early, Link("Linked Invoice", 10)));
        fixture.Put(type, SyncFixture.Record(71, SyncFixture.Early, Link("Linked Invoice", 11)));

        var report = await fixture.SyncAsync(10);

        Assert.Equal(["invoice 10", stored], await fixture.StoredAsync());
        Assert.Equal(2, report.Results[0].Steps.Count);
    }

    [Fact]
    public async Task A_payment_is_looked_for_among_the_submitted_ones_only_where_it_is_not_among_the_verified_ones()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early, Links("Linked Payment", 20, 21)));
        fixture.Put("payment", SyncFixture.Record(20, SyncFixture.Early));
        fixture.Put("submit_payment", SyncFixture.Record(20, SyncFixture.Early));
        fixture.Put("submit_payment", SyncFixture.Record(21, SyncFixture.Early));

        var report = await fixture.SyncAsync(10);

        Assert.Equal(["invoice 10", "payment 20", "submitted_payment 21"], await fixture.StoredAsync());
        Assert.Equal("0 0 0 1 1 0 0 1", report.Results[0].Stats.Words());
        Assert.Empty(report.Results[0].Errors);
    }

    [Fact]
    public async Task Users_can_be_left_out()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();

        var report = await fixture.SyncAsync(new InvoiceSyncOptions { SkipUsers = true }, [SyncFixture.Id(10)]);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal(Family.Where(f => !f.StartsWith("user", StringComparison.Ordinal)), await fixture.StoredAsync());
        Assert.Equal("agent customer invoice payments submitted_payments invoice_items seda", report.Results[0].Words());
        Assert.Equal(0, fixture.Bubble.Traffic.Count("user"));
        Assert.Equal(SyncFixture.Id(3), await fixture.ScalarAsync<string>("select created_by from invoice"));
    }

    [Fact]
    public async Task Agents_can_be_left_out_and_with_them_their_logins()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();

        var report = await fixture.SyncAsync(new InvoiceSyncOptions { SkipAgents = true }, [SyncFixture.Id(10)]);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal(Family.Except(["agent 1", "user 2"]), await fixture.StoredAsync());
        Assert.Equal(0, fixture.Bubble.Traffic.Count("agent"));
    }

    [Fact]
    public async Task A_creator_that_is_a_literal_is_no_relation()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early, "\"Created By\": \"admin_user_x_live\""));

        var report = await fixture.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Empty(report.Results[0].Errors);
        Assert.Equal(("invoice", 0L), (report.Results[0].Words(), fixture.Bubble.Traffic.Count("user")));
        Assert.Equal("admin_user_x_live", await fixture.ScalarAsync<string>("select created_by from invoice"));
    }

    [Fact]
    public async Task A_list_that_is_one_text_with_commas_is_followed_like_any_other()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early, $"\"Linked Invoice Item\": \"{SyncFixture.Id(30)}, {SyncFixture.Id(31)}\""));
        fixture.Put("invoice_item", SyncFixture.Record(30, SyncFixture.Early));
        fixture.Put("invoice_item", SyncFixture.Record(31, SyncFixture.Early));

        await fixture.SyncAsync(10);

        Assert.Equal(["invoice 10", "invoice_item 30", "invoice_item 31"], await fixture.StoredAsync());
    }

    [Fact]
    public async Task Patches_run_after_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early, Link("Linked Customer", 4)));
        fixture.Put("Customer_Profile", SyncFixture.Record(4, SyncFixture.Early));
        fixture.Put("seda_registration", SyncFixture.Record(40, SyncFixture.Early, Links("Linked Invoice", 10)));
        fixture.Put("invoice_item", SyncFixture.Record(30, SyncFixture.Early, Link("Linked Invoice", 10)));

        var report = await fixture.SyncAsync(10);

        Assert.Equal($"{SyncFixture.Id(40)}|{{{SyncFixture.Id(30)}}}", await fixture.RowAsync("select linked_seda_registration, linked_invoice_item "
            + "from invoice"));
        Assert.Equal(SyncFixture.Id(4), await fixture.ScalarAsync<string>("select linked_customer from seda_registration"));
        Assert.All(report.Run.Patches, p => Assert.Equal(PatchStatus.Succeeded, p.Status));
        Assert.Equal(5, report.Run.Patches.Count);
    }
}
