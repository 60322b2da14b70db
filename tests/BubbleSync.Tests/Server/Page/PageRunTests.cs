using BubbleSync.Server.Runs;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Microsoft.Playwright;
using Xunit;

namespace BubbleSync.Tests.Server.Page;

/// <summary>Runs, started and watched in a browser.</summary>
[Collection(SharedBrowser.Name)]
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class PageRunTests(PostgresFixture postgres, Browser browser) : IClassFixture<PostgresFixture>
{
    [ChromiumFact]
    public async Task A_new_user_sees_plan_and_cost_and_syncs_everything_and_each_kind_of_run_has_its_form()
    {
        await using var server = await ServerFixture.StartAsync(postgres, options: new SimulatorOptions { Invoices = 20 });
        await using var window = await browser.OpenAsync();
        var page = window.Page;

        await page.GotoAsync(server.Address.AbsoluteUri);
        await page.SeeAsync("Nothing was read from Bubble yet.");
        await page.PressAsync("Resync");
        await page.PressAsync("Show plan and cost");
        await page.PressAsync("Start the resync");
        await page.SeeEndAsync("Succeeded");
        var invoice = (await server.Sync.ScalarAsync<string>("select bubble_id from invoice order by 1 limit 1"))!;
        await page.ShowAsync(server, "/start");
        await page.GetByLabel("Invoice ids").FillAsync(invoice);
        await page.PressAsync("Sync invoices");
        await page.SeeEndAsync("Succeeded");
        await page.SeeAsync("up to date");
        await page.ShowAsync(server, "/start/record?entity=agent");
        await page.GetByLabel("Record ids").FillAsync((await server.Sync.ScalarAsync<string>("select bubble_id from agent limit 1"))!);
        await page.PressAsync("Sync records");
        await page.SeeEndAsync("Succeeded");
        await page.ShowAsync(server, "/start/range");
        await page.GetByLabel("From").FillAsync("2015-01-01");
        await page.PressAsync("Count");
        await page.SeeAsync("Bubble has 20 records in this range.");
        await page.PressAsync("Sync 20 records");
        await page.SeeEndAsync("Succeeded");
        foreach (var (form, button) in new[] { ("changes", "Sync changes"), ("verify", "Verify"), ("patch", "Run the patches") })
        {
            await page.ShowAsync(server, $"/start/{form}");
            await page.PressAsync(button);
            await page.SeeEndAsync("Succeeded");
        }

        await page.ShowAsync(server, "/start/resync");
        await page.PressAsync("Show plan and cost");
        await page.SeeAsync("It reads about");
        await page.GetByLabel("Dry run").CheckAsync();
        await page.PressAsync("Start the resync");
        await page.SeeEndAsync("Dry run");

        Assert.Equal(
            ["resync", "sync invoice", "sync record", "sync range", "incremental", "verify", "patch", "resync"],
            await server.Sync.RowsAsync("select kind from bubblesync.run order by started_at"));
        window.AssertNoErrors();
    }

    [ChromiumFact]
    public async Task A_run_is_watched_to_its_end_two_windows_start_one_and_closing_them_changes_nothing()
    {
        await using var server = await ServerFixture.StartAsync(postgres, options: new SimulatorOptions { Invoices = 20 });
        using var held = new SemaphoreSlim(0);
        var first = await browser.OpenAsync();
        await using var window = await browser.OpenAsync();
        var (one, other) = (first.Page, window.Page);
        await one.ShowAsync(server, "/start/resync");
        await other.ShowAsync(server, "/start/resync");
        await Task.WhenAll(one.PressAsync("Show plan and cost"), other.PressAsync("Show plan and cost"));
        await Task.WhenAll(one.SeeAsync("It reads about"), other.SeeAsync("It reads about"));
        server.Sync.Bubble.Traffic.OnRequest = async _ => await held.WaitAsync(server.Limit);

        await Task.WhenAll(one.PressAsync("Start the resync"), other.PressAsync("Start the resync"));
        await Task.WhenAll(one.SeeEndAsync("Running"), other.SeeEndAsync("Running"));
        held.Release(20);
        await one.GetByText("Calls a minute").WaitForAsync();
        await one.GetByRole(AriaRole.Link, new() { Name = "Overview" }).ClickAsync();
        await one.SeeAsync("Under way");
        await first.DisposeAsync();
        held.Release(100_000);
        await other.SeeEndAsync("Succeeded");
        await other.GetByRole(AriaRole.Link, new() { Name = "Timeline" }).ClickAsync();
        await other.SeeAsync("The same in numbers");

        Assert.Equal(1, await server.Sync.ScalarAsync<long>("select count(*) from bubblesync.run"));
        window.AssertNoErrors();
    }

    [ChromiumFact]
    public async Task A_run_is_stopped_by_its_button_and_resumed_by_the_next_one()
    {
        await using var server = await ServerFixture.StartAsync(postgres, options: new SimulatorOptions { Invoices = 20 });
        using var held = new SemaphoreSlim(0);
        server.Sync.Bubble.Traffic.OnRequest = async _ => await held.WaitAsync(server.Limit);
        var run = await server.Api.SyncAsync(new RunOrder { Kind = SyncKind.Resync });
        await server.Sync.UntilAsync("select to_regclass('bubblesync.run') is not null");
        await server.Sync.UntilAsync("select exists (select from bubblesync.run)");
        await using var window = await browser.OpenAsync();
        var page = window.Page;

        await page.GotoAsync(new Uri(server.Address, $"/runs/{run.RunId}").AbsoluteUri);
        await page.PressAsync("Stop");
        held.Release(100_000);
        await page.SeeEndAsync("Cancelled");
        await page.PressAsync("Resume the run");
        await page.SeeEndAsync("Succeeded");

        Assert.Equal(run.RunId, await server.Sync.ScalarAsync<Guid>("select run_id from bubblesync.run"));
        window.AssertNoErrors();
    }

    [ChromiumFact]
    public async Task A_rejected_record_shows_its_value_on_demand_as_text_and_is_loaded_once_the_map_is_fixed()
    {
        await using var server = await ServerFixture.StartAsync((await SyncFixture.OpenAsync(postgres)).WithMap("invoice", map => map));
        var map = Path.Combine(server.Sync.Settings.Run.Entities, "invoice.json");
        server.Sync.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, "\"Status\": \"Paid\", \"Total Amount\": \"<b id='markup'>twelve</b>\""));
        await using var window = await browser.OpenAsync();
        var page = window.Page;
        var run = await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Resync, Entities = ["invoice"] }, server.Limit);

        await page.ShowAsync(server, $"/runs/{run["runId"]}");
        await page.PressAsync("Show rejected records");
        await page.SeeAsync("Total Amount");
        var before = await page.HasAsync("twelve");
        await page.PressAsync("Show values");
        await page.SeeAsync("The record as Bubble sent it");
        await page.Locator("summary").ClickAsync();
        await page.SeeAsync("<b id='markup'>twelve</b>");
        await File.WriteAllTextAsync(map, (await File.ReadAllTextAsync(map)).Replace("\"Total Amount\"", "\"Sum\"", StringComparison.Ordinal));
        await page.PressAsync("Reprocess rejected records");
        await page.SeeEndAsync("Succeeded");

        Assert.False(before);
        Assert.Equal(0, await page.Locator("#markup").CountAsync());
        Assert.Equal(1, await server.Sync.ScalarAsync<long>("select count(*) from invoice"));
        window.AssertNoErrors();
    }
}
