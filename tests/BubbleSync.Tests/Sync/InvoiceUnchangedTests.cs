using BubbleSync.Etl;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;

namespace BubbleSync.Tests.Sync;

/// <summary>What a sync of invoices leaves alone, and what it does not overlook.</summary>
public sealed class InvoiceUnchangedTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task An_invoice_that_is_up_to_date_with_everything_around_it_is_skipped_and_no_row_is_written()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        await scene.SyncAsync(10);
        var before = await scene.SnapshotAsync();

        var report = await scene.SyncAsync(10);

        Assert.True(report.Success);
        Assert.Equal([new SyncStep("skip", true)], report.Results[0].Steps);
        Assert.Equal("1 1 2 2 1 2 1 1", report.Results[0].Stats.Words());
        Assert.Equal(before, await scene.SnapshotAsync());
    }

    [Fact]
    public async Task After_a_resync_too_there_is_nothing_to_write()
    {
        await using var scene = await Scene.OpenAsync(postgres, new() { Invoices = 60 });
        await scene.ResyncAsync();
        var before = await scene.SnapshotAsync();

        var report = await scene.SyncAsync(new InvoiceSyncOptions(), scene.Ids("invoice", 60));

        Assert.True(report.Success, report.ToJson());
        Assert.All(report.Results, r => Assert.Equal("skip", r.Words()));
        Assert.Equal(before, await scene.SnapshotAsync());
    }

    [Theory]
    [InlineData("payment", 20, "\"Amount\": 7, ", "Linked Invoice", "amount", "payment")]
    [InlineData("invoice_item", 30, "\"AMOUNT\": 7, ", "Linked Invoice", "amount", "invoice_item")]
    [InlineData("agent", 1, "\"Name\": \"7\", ", "Linked User Login", "name", "agent")]
    public async Task A_child_that_changed_is_written_though_the_invoice_did_not(string type, int number, string change, string link, string column, string entity)
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        await scene.SyncAsync(10);
        var before = await scene.SnapshotAsync();
        scene.Put(type, Scene.Record(number, Scene.Late, change + Link(link, type == "agent" ? 2 : 10)));

        var report = await scene.SyncAsync(10);

        Assert.Equal("7", await scene.RowAsync($"select {column}::text from {entity} where bubble_id = '{Scene.Id(number)}'"));
        Assert.Equal("agent customer user invoice payments submitted_payments invoice_items seda", report.Results[0].Words());
        Assert.Equal($"{entity} 1", Assert.Single(report.Run.Entities.Where(e => e.Updated + e.Inserted > 0).Select(e => $"{e.Name} {e.Updated}")));
        Assert.Single((await scene.SnapshotAsync()).Except(before));
    }

    [Fact]
    public async Task A_child_that_is_new_is_written_though_the_invoice_did_not_change()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        await scene.SyncAsync(10);
        scene.Put("invoice_item", Scene.Record(35, Scene.Late, Link("Linked Invoice", 10)));

        var report = await scene.SyncAsync(10);

        Assert.Equal([.. Family, "invoice_item 35"], (await scene.StoredAsync()).OrderBy(s => s == "invoice_item 35").ToList());
        Assert.Equal("1 1 2 2 1 3 1 1", report.Results[0].Stats.Words());
    }

    [Fact]
    public async Task Only_the_invoice_whose_child_changed_is_told_as_synced()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        await scene.SyncAsync(10, 11);
        scene.Put("payment", Scene.Record(29, Scene.Late, $"\"Amount\": 7, {Link("Linked Invoice", 11)}"));

        var report = await scene.SyncAsync(10, 11);

        Assert.Equal(["skip", "invoice payments"], report.Results.Select(r => r.Words()));
    }

    [Fact]
    public async Task A_row_edited_here_since_is_kept_and_counts_as_a_conflict()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        await scene.SyncAsync(10);
        await scene.ExecuteAsync("update invoice set amount = 99, updated_at = now()");
        scene.Put("invoice", Scene.Record(10, Scene.Late, "\"Amount\": 6"));

        var report = await scene.SyncAsync(10);

        Assert.True(report.Success, report.ToJson());
        Assert.Equal(("skip", "warning invoice 10 conflict"), (report.Results[0].Words(), Assert.Single(report.Results[0].Troubles())));
        Assert.Matches($@"{Scene.Id(10)}\s+kept\s", (await Bubblesync.RunAsync(scene, "sync", "invoice", Scene.Id(10))).Output);
        Assert.Equal("99", await scene.RowAsync("select amount::text from invoice"));
        Assert.Equal(1, report.Run.Entities.Single(e => e.Name == "invoice").Conflicts);
        Assert.Contains(report.Run.Warnings, w => w.Contains("edited both in Bubble and here", StringComparison.Ordinal));
        Assert.Equal($"warning|load|invoice|{Scene.Id(10)}", await scene.RowAsync($"select level, stage, entity, bubble_id from bubblesync.activity_log where run_id = '{report.Run.RunId}' and bubble_id is not null"));
    }

    [Fact]
    public async Task Force_takes_Bubbles_values_over_what_was_edited_here()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        await scene.SyncAsync(10);
        await scene.ExecuteAsync("update invoice set amount = 99, updated_at = now(); update payment set amount = 98, updated_at = now()");

        var plain = await scene.SyncAsync(10);
        var forced = await scene.SyncAsync(new InvoiceSyncOptions { Force = true }, [Scene.Id(10)]);

        Assert.Equal("skip", plain.Results[0].Words());
        Assert.Equal(8, forced.Results[0].Steps.Count);
        Assert.Equal(["1", "2", "5"], await scene.RowsAsync("select trim_scale(amount)::text from payment union select trim_scale(amount)::text from invoice order by 1"));
    }

    [Fact]
    public async Task Force_writes_no_row_that_is_the_same_already()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        await scene.SyncAsync(10);
        var before = await scene.SnapshotAsync();

        var report = await scene.SyncAsync(new InvoiceSyncOptions { Force = true }, [Scene.Id(10)]);

        Assert.Equal("agent customer user invoice payments submitted_payments invoice_items seda", report.Results[0].Words());
        Assert.All(report.Results[0].Steps, s => Assert.Equal((true, "unchanged"), (s.Success, s.Outcome)));
        Assert.Equal(before, await scene.SnapshotAsync());
    }

    [Fact]
    public async Task With_force_the_steps_show_what_was_unchanged_and_the_program_calls_it_synced()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.PutFamily();
        await scene.SyncAsync(10);
        await scene.ExecuteAsync("update payment set amount = 98");

        var forced = await scene.SyncAsync(new InvoiceSyncOptions { Force = true }, [Scene.Id(10)]);
        var said = await Bubblesync.RunAsync(scene, "sync", "invoice", Scene.Id(10), "--force");
        var json = await Bubblesync.RunAsync(scene, "sync", "invoice", Scene.Id(10), "--force", "--output", "json");

        Assert.Equal(["payments"], forced.Results[0].Steps.Where(s => s.Outcome is null).Select(s => s.Action));
        Assert.Matches($@"{Scene.Id(10)}\s+synced\s", said.Output);
        var steps = json.Json.GetProperty("results")[0].GetProperty("steps").EnumerateArray();
        Assert.All(steps, s => Assert.Equal("unchanged", s.GetProperty("outcome").GetString()));
    }

    [Fact]
    public async Task An_invoice_that_is_the_same_under_a_newer_date_is_skipped()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("invoice", Scene.Record(10, Scene.Early, "\"Amount\": 5"));
        await scene.SyncAsync(10);
        scene.Put("invoice", Scene.Record(10, Scene.Late, "\"Amount\": 5"));

        await scene.SyncAsync(10);
        var report = await scene.SyncAsync(10);

        Assert.Equal("skip", report.Results[0].Words());
    }
}
