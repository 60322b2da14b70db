using System.Text.Json;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary>How often Bubble is asked: relations go many to a call, and each record comes once.</summary>
public sealed class InvoiceCallTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly SimulatorOptions App = new() { Invoices = 300 };

    [Fact]
    public async Task One_invoice_with_everything_takes_nine_calls_at_most()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, Link("Linked User Login", 2)));
        fixture.Put("user", SyncFixture.Record(2, SyncFixture.Early));
        fixture.Put("user", SyncFixture.Record(3, SyncFixture.Early));
        fixture.Put("Customer_Profile", SyncFixture.Record(4, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early, $"{Link("Linked Agent", 1)}, {Link("Linked Customer", 4)}, {Link("Created By", 3)}, "
            + $"{Links("Linked Payment", 20, 21, 22)}, {Links("Linked Invoice Item", 30, 31, 32, 33)}, {Link("Linked SEDA registration", 40)}"));
        fixture.Put("payment", SyncFixture.Record(20, SyncFixture.Early, Link("Linked Invoice", 10)));
        fixture.Put("payment", SyncFixture.Record(21, SyncFixture.Early, Link("Linked Invoice", 10)));
        fixture.Put("submit_payment", SyncFixture.Record(22, SyncFixture.Early, Link("Linked Invoice", 10)));
        foreach (var item in Enumerable.Range(30, 4))
            fixture.Put("invoice_item", SyncFixture.Record(item, SyncFixture.Early, Link("Linked Invoice", 10)));
        fixture.Put("seda_registration", SyncFixture.Record(40, SyncFixture.Early, Links("Linked Invoice", 10)));

        var report = await fixture.SyncAsync(10);
        var first = fixture.Bubble.Traffic.Requests;
        var again = await fixture.SyncAsync(10);

        Assert.Equal("1 1 2 2 1 4 1 1", report.Results[0].Stats.Words());
        Assert.InRange(first, 1, 9);
        Assert.InRange(again.Run.Api.Calls, 1, 9);
        Assert.Equal((first, 13), (report.Run.Api.Calls, report.Run.Entities.Sum(e => e.Staged)));
    }

    [Fact]
    public async Task A_hundred_invoices_with_everything_take_fortyone_calls_at_most_and_twentysix_where_nothing_changed()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, App);
        var ids = fixture.Ids("invoice", 100);

        var first = await fixture.SyncAsync(new InvoiceSyncOptions(), ids);
        var before = await fixture.SnapshotAsync();
        var again = await fixture.SyncAsync(new InvoiceSyncOptions(), ids);

        Assert.True(first.Success && again.Success, first.ToJson());
        Assert.InRange(first.Run.Api.Calls, 1, 41);
        Assert.InRange(again.Run.Api.Calls, 1, 26);
        Assert.All(again.Results, r => Assert.Equal("skip", r.Words()));
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task Of_a_hundred_invoices_no_child_is_left_out_but_registrations_that_nothing_but_their_list_ties_to_one()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, App);
        var ids = fixture.Ids("invoice", 100);

        await fixture.SyncAsync(new InvoiceSyncOptions(), ids);

        var roots = ids.ToHashSet();
        Assert.Equal(100, await fixture.ScalarAsync<long>("select count(*) from invoice"));
        foreach (var (type, table, field) in new[]
        {
            ("payment", "payment", "Linked Payment"),
            ("submit_payment", "submitted_payment", "Linked Payment"),
            ("invoice_item", "invoice_item", "Linked Invoice Item"),
            ("seda_registration", "seda_registration", "Linked SEDA registration"),
        })
        {
            var listed = fixture.Bubble.Records.All("invoice")
                .Select(Parse).Where(i => roots.Contains(Named(i, "_id").Single())).SelectMany(i => Named(i, field)).ToHashSet();
            var children = fixture.Bubble.Records.All(type).Select(Parse)
                .Where(c => listed.Contains(Named(c, "_id").Single()) || (type != "seda_registration" && Named(c, "Linked Invoice").Any(roots.Contains)))
                    .Select(c => Named(c, "_id").Single());
            Assert.Empty(children.Except(await fixture.RowsAsync($"select bubble_id from {table}")));
        }
    }

    [Fact]
    public async Task Every_record_is_sent_once()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();

        var report = await fixture.SyncAsync(10, 11);

        Assert.Equal((fixture.Bubble.Traffic.Records, fixture.Bubble.Traffic.Records),
            (report.Run.Entities.Sum(e => e.Staged), report.Run.Entities.Sum(e => e.Extracted)));
    }

    [Fact]
    public async Task Ten_thousand_ids_are_asked_for_a_hundred_to_a_call()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();

        var report = await fixture.SyncAsync(new InvoiceSyncOptions(), Enumerable.Range(5_000, 9_999).Select(SyncFixture.Id).Append(SyncFixture.Id(10)));

        Assert.Equal((10_000, 1), (report.Results.Count, report.Results.Count(r => r.Success)));
        Assert.InRange(fixture.Bubble.Traffic.Requests, 100, 111);
        Assert.Equal(Family, await fixture.StoredAsync());
        Assert.Equal("partial", await fixture.ScalarAsync<string>("select status from bubblesync.run"));
    }

    [Fact]
    public async Task Ids_of_any_length_fit_into_addresses()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var ids = Enumerable.Range(0, 100).Select(n => $"1769904000000x{new string('9', 200)}{n}").ToList();
        foreach (var id in ids)
            fixture.Put("invoice", $$"""{"_id": "{{id}}", "Modified Date": "{{SyncFixture.Early}}"}""");

        var report = await fixture.SyncAsync(new InvoiceSyncOptions(), ids);

        Assert.True(report.Success, report.Run.ToJson());
        Assert.Equal(100, await fixture.ScalarAsync<long>("select count(*) from invoice"));
    }

    [Fact]
    public async Task More_children_than_a_page_holds_all_come()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early));
        foreach (var n in Enumerable.Range(1000, 350))
            fixture.Put("invoice_item", SyncFixture.Record(n, SyncFixture.Early, Link("Linked Invoice", 10)));

        var report = await fixture.SyncAsync(10);

        Assert.Equal("0 0 0 0 0 350 0 1", report.Results[0].Stats.Words());
    }

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

    private static IEnumerable<string> Named(JsonElement record, string field) => !record.TryGetProperty(field, out var value) ? []
        : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(v => v.GetString()!) : [value.GetString()!];
}
