using BubbleSync.Etl;
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
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();

        var report = await scene.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal(Family, await scene.StoredAsync());
        var result = Assert.Single(report.Results);
        Assert.Equal((Scene.Id(10), true), (result.InvoiceId, result.Success));
        Assert.Equal("agent customer user invoice payments submitted_payments invoice_items seda", result.Words());
        Assert.Equal("1 1 2 2 1 2 1 1", result.Stats.Words());
        Assert.Empty(result.Errors);
    }

    [Fact]
    public async Task Children_that_name_the_invoice_under_different_names_all_come()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("invoice", Scene.Record(10, Scene.Early));
        scene.Put("invoice_item", Scene.Record(71, Scene.Early, $"\"Linked Invoice\": \"{Scene.Id(10)}\""));
        scene.Put("invoice_item", Scene.Record(72, Scene.Early, $"\"Invoice\": \"{Scene.Id(10)}\""));

        var report = await scene.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal([Scene.Id(71), Scene.Id(72)], await scene.RowsAsync("select bubble_id from invoice_item order by 1"));
    }

    [Fact]
    public async Task A_synced_invoice_is_stored_just_as_a_resync_stores_it()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await using var other = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        other.PutFamily();
        foreach (var (type, number) in new[] { ("agent", 9), ("user", 8), ("invoice", 11), ("payment", 29) })
            other.Bubble.Records.Delete(type, Scene.Id(number));

        await scene.SyncAsync(10);
        await other.ResyncAsync();

        Assert.Equal(await other.EndStateAsync(), await scene.EndStateAsync());
    }

    [Theory]
    [InlineData("payment", "payment 70")]
    [InlineData("submit_payment", "submitted_payment 70")]
    [InlineData("invoice_item", "invoice_item 70")]
    public async Task A_child_that_only_names_the_invoice_comes_too(string type, string stored)
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("invoice", Scene.Record(10, Scene.Early));
        scene.Put(type, Scene.Record(70, Scene.Early, Link("Linked Invoice", 10)));
        scene.Put(type, Scene.Record(71, Scene.Early, Link("Linked Invoice", 11)));

        var report = await scene.SyncAsync(10);

        Assert.Equal(["invoice 10", stored], await scene.StoredAsync());
        Assert.Equal(2, report.Results[0].Steps.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(40)]
    public async Task A_registration_that_only_lists_the_invoice_comes_too(int invoices)
    {
        await using var scene = await Scene.OpenAsync(postgres);
        foreach (var n in Enumerable.Range(0, invoices))
        {
            scene.Put("invoice", Scene.Record(100 + n, Scene.Early, Link("Linked Customer", 300 + n)));
            scene.Put("Customer_Profile", Scene.Record(300 + n, Scene.Early));
            scene.Put("seda_registration", Scene.Record(200 + n, Scene.Early, $"{Links("Linked Invoice", 5, 100 + n)}, {Link("Linked Customer", 300 + n)}"));
        }

        var report = await scene.SyncAsync([.. Enumerable.Range(100, invoices)]);

        Assert.True(report.Success, report.ToJson());
        Assert.All(report.Results, r => Assert.Equal("0 1 0 0 0 0 1 1", r.Stats.Words()));
        Assert.Equal(invoices, await scene.ScalarAsync<long>("select count(*) from seda_registration"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(9)]
    public async Task A_registration_that_lists_the_invoice_comes_though_the_invoice_names_another(int invoices)
    {
        await using var scene = await Scene.OpenAsync(postgres);
        foreach (var n in Enumerable.Range(0, invoices))
        {
            scene.Put("invoice", Scene.Record(100 + n, Scene.Early, $"{Link("Linked Customer", 300 + n)}, {Link("Linked SEDA registration", 200 + n)}"));
            scene.Put("Customer_Profile", Scene.Record(300 + n, Scene.Early));
            var fields = $"{Links("Linked Invoice", 100 + n)}, {Link("Linked Customer", 300 + n)}";
            foreach (var registration in new[] { 200 + n, 400 + n })
                scene.Put("seda_registration", Scene.Record(registration, Scene.Early, fields));
        }

        var report = await scene.SyncAsync([.. Enumerable.Range(100, invoices)]);

        Assert.True(report.Success, report.ToJson());
        Assert.All(report.Results, r => Assert.Equal("0 1 0 0 0 0 2 1", r.Stats.Words()));
        Assert.Equal(2 * invoices, await scene.ScalarAsync<long>("select count(*) from seda_registration"));
        Assert.Equal(invoices > 8, report.Run.Warnings.Any(w => w.StartsWith("seda_registration: 'Linked Invoice' is a list,", StringComparison.Ordinal)));
        Assert.Equal(2 * invoices, report.Run.Entities.Single(e => e.Name == "seda_registration").Staged);
    }

    [Fact]
    public async Task Where_Bubble_cannot_search_the_list_it_is_said_and_the_rest_comes()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        await using var between = await GoBetween.StartAsync(scene, (type, constraints) =>
            type == "seda_registration" && constraints.Contains("Linked Invoice", StringComparison.OrdinalIgnoreCase) ? GoBetween.Refuse(400) : null);

        var report = await scene.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal(Family, await scene.StoredAsync());
        Assert.Contains(report.Run.Warnings, w => w.StartsWith("seda_registration: Bubble refuses to search by 'Linked Invoice'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_too_many_invoices_have_no_known_registration_it_is_said()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        foreach (var n in Enumerable.Range(0, 9))
        {
            scene.Put("invoice", Scene.Record(100 + n, Scene.Early));
            scene.Put("seda_registration", Scene.Record(200 + n, Scene.Early, Links("Linked Invoice", 100 + n)));
        }

        var report = await scene.SyncAsync([.. Enumerable.Range(100, 9)]);

        Assert.True(report.Success);
        Assert.Contains(report.Run.Warnings, w => w.Contains("was not searched for each of 9 records of invoice", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_registration_that_an_earlier_sync_stored_is_found_however_many_invoices_there_are()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        foreach (var n in Enumerable.Range(0, 9))
        {
            scene.Put("invoice", Scene.Record(100 + n, Scene.Early));
            scene.Put("seda_registration", Scene.Record(200 + n, Scene.Early, Links("Linked Invoice", 100 + n)));
        }

        await scene.ResyncAsync();
        scene.Put("seda_registration", Scene.Record(203, Scene.Late, $"{Links("Linked Invoice", 103)}, \"CITY\": \"Ipoh\""));
        var report = await scene.SyncAsync([.. Enumerable.Range(100, 9)]);

        Assert.Equal("Ipoh", await scene.ScalarAsync<string>($"select city from seda_registration where bubble_id = '{Scene.Id(203)}'"));
        Assert.All(report.Results, r => Assert.Equal(r.InvoiceId == Scene.Id(103) ? "invoice seda" : "skip", r.Words()));
    }

    [Fact]
    public async Task One_registration_of_many_invoices_is_stored_once_and_counts_for_each()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("invoice", Scene.Record(10, Scene.Early, Link("Linked SEDA registration", 40)));
        scene.Put("invoice", Scene.Record(11, Scene.Early, Link("Linked SEDA registration", 40)));
        scene.Put("seda_registration", Scene.Record(40, Scene.Early, Links("Linked Invoice", 10, 11)));

        var report = await scene.SyncAsync(10, 11);

        Assert.All(report.Results, r => Assert.Equal("0 0 0 0 0 0 1 1", r.Stats.Words()));
        Assert.Equal(1, report.Run.Entities.Single(e => e.Name == "seda_registration").Extracted);
    }

    [Fact]
    public async Task A_payment_is_looked_for_among_the_submitted_ones_only_where_it_is_not_among_the_verified_ones()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("invoice", Scene.Record(10, Scene.Early, Links("Linked Payment", 20, 21)));
        scene.Put("payment", Scene.Record(20, Scene.Early));
        scene.Put("submit_payment", Scene.Record(20, Scene.Early));
        scene.Put("submit_payment", Scene.Record(21, Scene.Early));

        var report = await scene.SyncAsync(10);

        Assert.Equal(["invoice 10", "payment 20", "submitted_payment 21"], await scene.StoredAsync());
        Assert.Equal("0 0 0 1 1 0 0 1", report.Results[0].Stats.Words());
        Assert.Empty(report.Results[0].Errors);
    }

    [Fact]
    public async Task Users_can_be_left_out()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();

        var report = await scene.SyncAsync(new InvoiceSyncOptions { SkipUsers = true }, [Scene.Id(10)]);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal(Family.Where(f => !f.StartsWith("user", StringComparison.Ordinal)), await scene.StoredAsync());
        Assert.Equal("agent customer invoice payments submitted_payments invoice_items seda", report.Results[0].Words());
        Assert.Equal(0, scene.Bubble.Traffic.Count("user"));
        Assert.Equal(Scene.Id(3), await scene.ScalarAsync<string>("select created_by from invoice"));
    }

    [Fact]
    public async Task Agents_can_be_left_out_and_with_them_their_logins()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();

        var report = await scene.SyncAsync(new InvoiceSyncOptions { SkipAgents = true }, [Scene.Id(10)]);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal(Family.Except(["agent 1", "user 2"]), await scene.StoredAsync());
        Assert.Equal(0, scene.Bubble.Traffic.Count("agent"));
    }

    [Fact]
    public async Task A_creator_that_is_a_literal_is_no_relation()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("invoice", Scene.Record(10, Scene.Early, "\"Created By\": \"admin_user_x_live\""));

        var report = await scene.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Empty(report.Results[0].Errors);
        Assert.Equal(("invoice", 0L), (report.Results[0].Words(), scene.Bubble.Traffic.Count("user")));
        Assert.Equal("admin_user_x_live", await scene.ScalarAsync<string>("select created_by from invoice"));
    }

    [Fact]
    public async Task A_list_that_is_one_text_with_commas_is_followed_like_any_other()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("invoice", Scene.Record(10, Scene.Early, $"\"Linked Invoice Item\": \"{Scene.Id(30)}, {Scene.Id(31)}\""));
        scene.Put("invoice_item", Scene.Record(30, Scene.Early));
        scene.Put("invoice_item", Scene.Record(31, Scene.Early));

        await scene.SyncAsync(10);

        Assert.Equal(["invoice 10", "invoice_item 30", "invoice_item 31"], await scene.StoredAsync());
    }

    [Fact]
    public async Task Patches_run_after_it()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("invoice", Scene.Record(10, Scene.Early, Link("Linked Customer", 4)));
        scene.Put("Customer_Profile", Scene.Record(4, Scene.Early));
        scene.Put("seda_registration", Scene.Record(40, Scene.Early, Links("Linked Invoice", 10)));
        scene.Put("invoice_item", Scene.Record(30, Scene.Early, Link("Linked Invoice", 10)));

        var report = await scene.SyncAsync(10);

        Assert.Equal($"{Scene.Id(40)}|{{{Scene.Id(30)}}}", await scene.RowAsync("select linked_seda_registration, linked_invoice_item from invoice"));
        Assert.Equal(Scene.Id(4), await scene.ScalarAsync<string>("select linked_customer from seda_registration"));
        Assert.All(report.Run.Patches, p => Assert.Equal("succeeded", p.Status));
        Assert.Equal(5, report.Run.Patches.Count);
    }
}
