using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary>Ids that lead nowhere, records that do not convert, a source that fails: told for each invoice, and the rest goes through.</summary>
public sealed class InvoiceTroubleTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task An_invoice_that_does_not_convert_fails_by_itself()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        fixture.Put("invoice", SyncFixture.Record(12, SyncFixture.Early, $"\"Amount\": \"much\", {Link("Linked Customer", 4)}"));

        var report = await fixture.SyncAsync(12, 10);

        Assert.Equal([false, true], report.Results.Select(r => r.Success));
        Assert.Equal("invoice!", report.Results[0].Words());
        Assert.Equal(["error invoice 12 rejected"], report.Results[0].Troubles());
        Assert.Contains("'Amount'", report.Results[0].Errors[0].Message, StringComparison.Ordinal);
        Assert.Equal(Family, await fixture.StoredAsync());
        Assert.Equal(["Amount", "Total Amount"], await fixture.RowsAsync("select field from bubblesync.rejected_record where run_id = "
            + $"'{report.Run.RunId}' order by 1"));
        Assert.Equal([ErrorCode.Rejected, ErrorCode.Rejected], report.Run.Errors.Select(e => e.Code));
    }

    [Fact]
    public async Task Faults_that_pass_are_waited_out()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = ["503=3x"] });
        fixture.PutFamily();
        fixture.Clock = new Survival.FastClock(100);

        var report = await fixture.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal(Family, await fixture.StoredAsync());
    }

    [Fact]
    public async Task Constraints_that_are_silently_ignored_stop_the_run_and_nothing_is_merged()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = ["constraints-ignored"] });
        fixture.PutFamily();

        var report = await fixture.SyncAsync(10, 77);

        Assert.Equal((RunStatus.Failed, false), (report.Run.Status, report.Success));
        Assert.All(report.Results, r => Assert.Equal(ErrorCode.Failed, r.Errors[0].Code));
        Assert.Contains("the constraint was not applied", report.Run.Errors[0].Message, StringComparison.Ordinal);
        Assert.Empty(await fixture.StoredAsync());
    }

    [Fact]
    public async Task A_field_that_Bubble_cannot_search_by_is_a_warning_and_the_rest_comes()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        await using var between = await RecordingProxy.StartAsync(fixture, (type, constraints) =>
            type == "invoice_item" && constraints.Contains("Invoice", StringComparison.Ordinal) ? RecordingProxy.Refuse(400) : null);

        var report = await fixture.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal(Family, await fixture.StoredAsync());
        Assert.Contains(report.Run.Warnings, w => w.StartsWith("invoice_item: Bubble refuses to search by 'Linked Invoice'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_field_that_has_another_of_its_names_in_this_app_is_searched_by_that()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early));
        fixture.Put("invoice_item", SyncFixture.Record(30, SyncFixture.Early, Link("Invoice", 10)));
        await using var between = await RecordingProxy.StartAsync(fixture, (type, constraints) =>
            type == "invoice_item" && constraints.Contains("Linked Invoice", StringComparison.Ordinal) ? RecordingProxy.Refuse(400) : null);

        var report = await fixture.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal(["invoice 10", "invoice_item 30"], await fixture.StoredAsync());
    }

    [Fact]
    public async Task Rows_that_keep_coming_twice_make_the_run_partial_and_are_merged_once()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 100, Faults = ["duplicates=100"] });

        var report = await fixture.SyncAsync(new InvoiceSyncOptions(), fixture.Ids("invoice", 100));

        Assert.Equal((RunStatus.Partial, false, 100), (report.Run.Status, report.Success, report.Results.Count(r => r.Success)));
        Assert.Equal(100, await fixture.ScalarAsync<long>("select count(*) from invoice"));
    }

    [Fact]
    public async Task Where_Bubble_does_not_say_how_many_rows_remain_success_is_not_claimed()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = ["remaining-absent"] });
        fixture.PutFamily();

        var report = await fixture.SyncAsync(10);

        Assert.Equal((RunStatus.Partial, false), (report.Run.Status, report.Success));
        Assert.Contains(report.Run.Errors, e => e is { Code: ErrorCode.Unproved, Entity: "payment" });
    }

    [Fact]
    public async Task An_entity_of_which_nothing_came_is_not_taken_for_read_where_that_is_unproved()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = ["remaining-absent"] });
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early));

        var report = await fixture.SyncAsync(10);

        Assert.Equal(["invoice", "invoice_item", "payment", "seda_registration", "submitted_payment"], report.Run.Errors.Where(
            e => e.Code == ErrorCode.Unproved)
            .Select(e => e.Entity).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_type_that_Bubble_does_not_expose_stops_the_run_and_says_so()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = ["types-not-exposed=submit_payment"] });
        fixture.PutFamily();

        var report = await fixture.SyncAsync(10);

        Assert.Equal((RunStatus.Failed, false), (report.Run.Status, report.Success));
        Assert.Equal(ErrorCode.TypeNotExposed, report.Run.Errors[0].Code);
        Assert.Empty(await fixture.StoredAsync());
    }

    [Fact]
    public async Task A_run_over_the_same_tables_comes_first()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        var (isReading, mayEnd) = (new TaskCompletionSource(), new TaskCompletionSource());
        fixture.Bubble.Traffic.OnRequest = _ =>
        {
            isReading.TrySetResult();
            return mayEnd.Task;
        };
        var resync = fixture.ResyncAsync("customer");
        await isReading.Task.WaitAsync(fixture.Limit);

        var outcome = await Bubblesync.RunAsync(fixture, "sync", "invoice", SyncFixture.Id(10));
        mayEnd.SetResult();

        Assert.Equal(3, outcome.Code);
        Assert.Contains("one run at a time for each table", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, (await resync).Status);
    }

    [Fact]
    public async Task A_patch_that_fails_is_told_and_keeps_the_invoices()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.WithPatches(("010-broken", "update invoice set no_such_column = 1"));
        fixture.PutFamily();

        var report = await fixture.SyncAsync(10);

        Assert.Equal((RunStatus.Partial, false, true), (report.Run.Status, report.Success, report.Results[0].Success));
        Assert.Equal(Family, await fixture.StoredAsync());
    }
}
