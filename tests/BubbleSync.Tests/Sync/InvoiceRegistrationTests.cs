using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary>Registrations that belong to an invoice, whichever of the two names the other.</summary>
public sealed class InvoiceRegistrationTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
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
            fixture.Put("seda_registration", SyncFixture.Record(200 + n, SyncFixture.Early, $"{Links("Linked Invoice", 5, 100 + n)}, "
                + $"{Link("Linked Customer", 300 + n)}"));
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
            fixture.Put("invoice", SyncFixture.Record(100 + n, SyncFixture.Early, $"{Link("Linked Customer", 300 + n)}, "
                + $"{Link("Linked SEDA registration", 200 + n)}"));
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
}
