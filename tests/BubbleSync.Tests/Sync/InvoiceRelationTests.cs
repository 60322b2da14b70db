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

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(40)]
    public async Task A_registration_that_only_lists_the_invoice_comes_too(int invoices)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var n in Enumerable.Range(0, invoices))
        {
            fixture.Put("invoice", SyncFixture.Record(100 + n, SyncFixture.Early, Link("Linked Customer", 300 + n)));
            fixture.Put("Customer_Profile", SyncFixture.Record(300 + n, SyncFixture.Early));
            fixture.Put("seda_registration", SyncFixture.Record(200 + n, SyncFixture.Early, $"{Links("Linked Invoice", 5, 100 + n)}, {Link("Linked Customer", 300 + n)}"));
        }

        var report = await fixture.SyncAsync([.. Enumerable.Range(100, invoices)]);

        Assert.True(report.Success, report.ToJson());
        Assert.All(report.Results, r => Assert.Equal("0 1 0 0 0 0 1 1", r.Stats.Words()));
        Assert.Equal(invoices, await fixture.ScalarAsync<long>("select count(*) from seda_registration"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(9)]
    public async Task A_registration_that_lists_the_invoice_comes_though_the_invoice_names_another(int invoices)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var n in Enumerable.Range(0, invoices))
        {
            fixture.Put("invoice", SyncFixture.Record(100 + n, SyncFixture.Early, $"{Link("Linked Customer", 300 + n)}, {Link("Linked SEDA registration", 200 + n)}"));
            fixture.Put("Customer_Profile", SyncFixture.Record(300 + n, SyncFixture.Early));
            var fields = $"{Links("Linked Invoice", 100 + n)}, {Link("Linked Customer", 300 + n)}";
            foreach (var registration in new[] { 200 + n, 400 + n })
                fixture.Put("seda_registration", SyncFixture.Record(registration, SyncFixture.Early, fields));
        }

        var report = await fixture.SyncAsync([.. Enumerable.Range(100, invoices)]);

        Assert.True(report.Success, report.ToJson());
        Assert.All(report.Results, r => Assert.Equal("0 1 0 0 0 0 2 1", r.Stats.Words()));
        Assert.Equal(2 * invoices, await fixture.ScalarAsync<long>("select count(*) from seda_registration"));
        Assert.Equal(invoices > 8, report.Run.Warnings.Any(w => w.StartsWith("seda_registration: 'Linked Invoice' is a list,", StringComparison.Ordinal)));
        Assert.Equal(2 * invoices, report.Run.Entities.Single(e => e.Name == "seda_registration").Staged);
    }

    [Fact]
    public async Task Where_Bubble_cannot_search_the_list_it_is_said_and_the_rest_comes()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await using var between = await RecordingProxy.StartAsync(fixture, (type, constraints) =>
            type == "seda_registration" && constraints.Contains("Linked Invoice", StringComparison.OrdinalIgnoreCase) ? RecordingProxy.Refuse(400) : null);

        var report = await fixture.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal(Family, await fixture.StoredAsync());
        Assert.Contains(report.Run.Warnings, w => w.StartsWith("seda_registration: Bubble refuses to search by 'Linked Invoice'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_too_many_invoices_have_no_known_registration_it_is_said()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var n in Enumerable.Range(0, 9))
        {
            fixture.Put("invoice", SyncFixture.Record(100 + n, SyncFixture.Early));
            fixture.Put("seda_registration", SyncFixture.Record(200 + n, SyncFixture.Early, Links("Linked Invoice", 100 + n)));
        }

        var report = await fixture.SyncAsync([.. Enumerable.Range(100, 9)]);

        Assert.True(report.Success);
        Assert.Contains(report.Run.Warnings, w => w.Contains("was not searched for each of 9 records of invoice", StringComparison.Ordinal));
        Assert.Equal(["seda_registration"], Assert.Single(report.Run.NextActions, a => a.Kind == NextActionKind.ResyncEntities).Entities);
    }

    [Fact]
    public async Task A_registration_that_an_earlier_sync_stored_is_found_however_many_invoices_there_are()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var n in Enumerable.Range(0, 9))
        {
            fixture.Put("invoice", SyncFixture.Record(100 + n, SyncFixture.Early));
            fixture.Put("seda_registration", SyncFixture.Record(200 + n, SyncFixture.Early, Links("Linked Invoice", 100 + n)));
        }

        await fixture.ResyncAsync();
        fixture.Put("seda_registration", SyncFixture.Record(203, SyncFixture.Late, $"{Links("Linked Invoice", 103)}, \"CITY\": \"Ipoh\""));
        var report = await fixture.SyncAsync([.. Enumerable.Range(100, 9)]);

        Assert.Equal("Ipoh", await fixture.ScalarAsync<string>($"select city from seda_registration where bubble_id = '{SyncFixture.Id(203)}'"));
        Assert.All(report.Results, r => Assert.Equal(r.InvoiceId == SyncFixture.Id(103) ? "invoice seda" : "skip", r.Words()));
    }

    [Fact]
    public async Task One_registration_of_many_invoices_is_stored_once_and_counts_for_each()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early, Link("Linked SEDA registration", 40)));
        fixture.Put("invoice", SyncFixture.Record(11, SyncFixture.Early, Link("Linked SEDA registration", 40)));
        fixture.Put("seda_registration", SyncFixture.Record(40, SyncFixture.Early, Links("Linked Invoice", 10, 11)));

        var report = await fixture.SyncAsync(10, 11);

        Assert.All(report.Results, r => Assert.Equal("0 0 0 0 0 0 1 1", r.Stats.Words()));
        Assert.Equal(1, report.Run.Entities.Single(e => e.Name == "seda_registration").Extracted);
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

        Assert.Equal($"{SyncFixture.Id(40)}|{{{SyncFixture.Id(30)}}}", await fixture.RowAsync("select linked_seda_registration, linked_invoice_item from invoice"));
        Assert.Equal(SyncFixture.Id(4), await fixture.ScalarAsync<string>("select linked_customer from seda_registration"));
        Assert.All(report.Run.Patches, p => Assert.Equal(PatchStatus.Succeeded, p.Status));
        Assert.Equal(5, report.Run.Patches.Count);
    }
}
