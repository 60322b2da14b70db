using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary>Ids that lead nowhere, records that do not convert, a source that fails: told for each invoice, and the rest goes through.</summary>
public sealed class InvoiceTroubleTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
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
        Assert.Equal((Severity.Error, "invoice", id, ErrorCode.MalformedId), (report.Results[1].Errors[0].Severity, report.Results[1].Errors[0].Entity, report.Results[1].Errors[0].BubbleId, report.Results[1].Errors[0].Code));
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

    [Fact]
    public async Task A_relation_that_Bubble_does_not_have_is_a_warning_and_no_failure()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.PutFamily();
        foreach (var (type, number) in new[] { ("agent", 1), ("Customer_Profile", 4), ("user", 3), ("payment", 21), ("invoice_item", 31), ("seda_registration", 40) })
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
            (await fixture.RowsAsync($"select target_entity, target_id from bubblesync.missing_link where run_id = '{report.Run.RunId}' and entity = 'invoice' order by 1"))
                .Select(row => $"{row.Split('|')[0]}|{Number(row.Split('|')[1])}"));
    }

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
        Assert.Equal(["Amount", "Total Amount"], await fixture.RowsAsync($"select field from bubblesync.rejected_record where run_id = '{report.Run.RunId}' order by 1"));
        Assert.Equal([ErrorCode.Rejected, ErrorCode.Rejected], report.Run.Errors.Select(e => e.Code));
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
        Assert.DoesNotContain(fixture.Bubble.Traffic.Recent, line => line.Contains("submit_payment", StringComparison.Ordinal) && line.Contains("\"_id\",\"constraint_type\":\"in\"", StringComparison.Ordinal));
        Assert.Empty(await fixture.StoredAsync());
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

        Assert.Equal(["invoice", "invoice_item", "payment", "seda_registration", "submitted_payment"], report.Run.Errors.Where(e => e.Code == ErrorCode.Unproved).Select(e => e.Entity).Distinct().Order(StringComparer.Ordinal));
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
