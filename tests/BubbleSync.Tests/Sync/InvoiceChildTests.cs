using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary>Relations of an invoice that are missing, do not convert or cannot be asked for.</summary>
public sealed class InvoiceChildTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_relation_that_Bubble_does_not_have_is_a_warning_and_no_failure()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        foreach (var (type,
            number) in new[] { ("agent", 1), ("Customer_Profile", 4), ("user", 3), ("payment", 21), ("invoice_item", 31), ("seda_registration", 40) })
            fixture.Bubble.Records.Delete(type, SyncFixture.Id(number));

        var report = await fixture.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal(
            [
                "warning agent 1 missing-link", "warning customer 4 missing-link", "warning invoice_item 31 missing-link", "warning payment 21 missing-link",
                "warning seda_registration 40 missing-link", "warning user 3 missing-link",
            ],
            report.Results[0].Troubles());
        Assert.All(report.Results[0].Steps, s => Assert.True(s.Success && s.Error is null));
        Assert.Equal("0 0 0 1 1 1 0 1", report.Results[0].Stats.Words());
        Assert.Equal(
            ["agent|1", "customer|4", "invoice_item|31", "payment|21", "seda_registration|40", "user|3"],
            (await fixture.RowsAsync($"select target_entity, target_id from bubblesync.missing_link where run_id = '{report.Run.RunId}' and entity = "
                + "'invoice' order by 1"))
                .Select(row => $"{row.Split('|')[0]}|{Number(row.Split('|')[1])}"));
    }

    [Fact]
    public async Task A_child_that_does_not_convert_fails_the_invoice_that_lists_it_and_no_other()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        fixture.Put("payment", SyncFixture.Record(21, SyncFixture.Early, "\"Amount\": \"much\""));

        var report = await fixture.SyncAsync(10, 11);

        Assert.False(report.Success);
        Assert.Equal([false, true], report.Results.Select(r => r.Success));
        Assert.Equal("agent customer user invoice payments! submitted_payments invoice_items seda", report.Results[0].Words());
        Assert.Equal(["error payment 21 rejected"], report.Results[0].Troubles());
        Assert.Equal("1 1 2 1 1 2 1 1", report.Results[0].Stats.Words());
    }

    [Fact]
    public async Task A_child_that_does_not_convert_fails_the_invoice_that_it_alone_names_and_no_other()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        fixture.Put("payment", SyncFixture.Record(28, SyncFixture.Early, $"\"Amount\": \"much\", {Link("Linked Invoice", 11)}"));

        var report = await fixture.SyncAsync(10, 11);

        Assert.False(report.Success);
        Assert.Equal([true, false], report.Results.Select(r => r.Success));
        Assert.Equal(["error payment 28 rejected"], report.Results[1].Troubles());
    }

    [Fact]
    public async Task A_payment_that_Bubble_could_not_be_asked_for_is_not_taken_for_a_missing_one()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await using var between = await RecordingProxy.StartAsync(fixture, (type, constraints) =>
            type == "payment" && constraints.Contains("\"_id\"", StringComparison.Ordinal) ? RecordingProxy.Refuse(502) : null);
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxAttempts = 1, PatienceSeconds = 0 } };

        var report = await fixture.SyncAsync(10);

        Assert.Equal((RunStatus.Failed, false), (report.Run.Status, report.Success));
        Assert.Equal(ErrorCode.SourceBusy, report.Run.Errors[0].Code);
        Assert.Equal(["error invoice 10 failed"], Assert.Single(report.Results).Troubles());
        Assert.DoesNotContain(
            fixture.Bubble.Traffic.Recent, line =>
                line.Contains("submit_payment", StringComparison.Ordinal) && line.Contains("\"_id\",\"constraint_type\":\"in\"", StringComparison.Ordinal));
        Assert.Empty(await fixture.StoredAsync());
    }

    [Fact]
    public async Task A_constraint_on_children_that_is_silently_ignored_stops_the_run_too()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await using var between = await RecordingProxy.StartAsync(fixture, (type, constraints) =>
            type == "payment" && constraints.Contains("Linked Invoice", StringComparison.Ordinal) ? RecordingProxy.Ignore : null);

        var report = await fixture.SyncAsync(10);

        Assert.Equal((RunStatus.Failed, false), (report.Run.Status, report.Success));
        Assert.Empty(await fixture.StoredAsync());
    }
}
