using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary>Ids that are unknown, malformed, repeated or too many for one address.</summary>
public sealed class InvoiceIdTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task An_unknown_id_fails_by_itself()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();

        var report = await fixture.SyncAsync(77, 10);

        Assert.False(report.Success);
        Assert.Equal([false, true], report.Results.Select(r => r.Success));
        Assert.Equal(("invoice!", "0 0 0 0 0 0 0 0"), (report.Results[0].Words(), report.Results[0].Stats.Words()));
        Assert.Equal(["error invoice 77 not-found"], report.Results[0].Troubles());
        Assert.Equal(Family, await fixture.StoredAsync());
        Assert.Equal(RunStatus.Partial, report.Run.Status);
    }

    [Fact]
    public async Task Where_a_server_on_the_way_refuses_long_addresses_fewer_ids_are_asked_for_at_once()
    {
        const int Many = 60;
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table invoice add constraint paid check (amount >= 0)");
        foreach (var number in Enumerable.Range(1, Many))
            fixture.Put("invoice", SyncFixture.Record(number, SyncFixture.Early, $"\"Amount\": {(number % 2 == 0 ? 1 : -1)}, \"Unknown\": {number}"));
        await using var between = await RecordingProxy.StartAsync(
            fixture, (_, constraints) => constraints.Length > 500 ? RecordingProxy.Say(414, "<html>Request-URI Too Large</html>") : null);

        var report = await fixture.SyncAsync(new InvoiceSyncOptions(), Enumerable.Range(1, Many).Select(SyncFixture.Id));

        Assert.Equal((Many, Many / 2), (report.Results.Count, report.Results.Count(r => r.Success)));
        // What the table refuses is read again by its ids, as it was sent.
        Assert.Equal(Many / 2, await fixture.ScalarAsync<long>("select count(distinct raw::jsonb ->> 'Unknown') from bubblesync.rejected_record"));
    }

    [Theory]
    [InlineData("77", "78")]
    [InlineData("x", "y")]
    [InlineData("77", "x")]
    public async Task Where_every_id_fails_the_run_is_failed_and_the_exit_code_is_one(params string[] ids)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        string[] given = [.. ids.Select(id => int.TryParse(id, out var number) ? SyncFixture.Id(number) : id)];

        var report = await fixture.SyncAsync(new InvoiceSyncOptions(), given);
        var said = await Bubblesync.RunAsync(fixture, ["sync", "invoice", .. given]);

        Assert.Equal((false, RunStatus.Failed, 1), (report.Success, report.Run.Status, said.Code));
        Assert.Equal(["failed", "failed"], await fixture.RowsAsync("select status from bubblesync.run"));
    }

    [Fact]
    public async Task An_id_of_another_type_is_unknown()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();

        var report = await fixture.SyncAsync(4);

        Assert.Equal(["error invoice 4 not-found"], Assert.Single(report.Results).Troubles());
        Assert.Contains("is of another type", report.Results[0].Errors[0].Message, StringComparison.Ordinal);
        Assert.Empty(await fixture.StoredAsync());
    }

    [Theory]
    [InlineData("inv_4711")]
    [InlineData("1769904000000x")]
    [InlineData("1769904000000x12 34")]
    [InlineData("1769904000000x12\n")]
    [InlineData("'; drop table invoice; --")]
    [InlineData("")]
    public async Task A_malformed_id_is_named_and_not_asked_for(string id)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();

        var report = await fixture.SyncAsync(new InvoiceSyncOptions(), [SyncFixture.Id(10), id]);

        Assert.False(report.Success);
        Assert.Equal([(SyncFixture.Id(10), true), (id, false)], report.Results.Select(r => (r.InvoiceId, r.Success)));
        Assert.Equal((Severity.Error, "invoice", id, ErrorCode.MalformedId),
            (report.Results[1].Errors[0].Severity, report.Results[1].Errors[0].Entity, report.Results[1].Errors[0].BubbleId, report.Results[1].Errors[0].Code));
        Assert.Equal(Family, await fixture.StoredAsync());
    }

    [Fact]
    public async Task An_id_given_twice_is_one_result()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();

        var report = await fixture.SyncAsync(10, 11, 10);

        Assert.Equal([SyncFixture.Id(10), SyncFixture.Id(11)], report.Results.Select(r => r.InvoiceId));
        Assert.Equal(2, report.Run.Entities.Single(e => e.Name == "invoice").Staged);
    }

    [Fact]
    public async Task Without_any_id_that_could_be_one_nothing_is_asked()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();

        var report = await fixture.SyncAsync(new InvoiceSyncOptions(), ["x", "y"]);

        Assert.False(report.Success);
        Assert.Equal((0L, 2), (fixture.Bubble.Traffic.Requests, report.Results.Count));
    }
}
