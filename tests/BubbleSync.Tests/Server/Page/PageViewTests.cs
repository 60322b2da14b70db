using System.Text.Json.Nodes;
using BubbleSync.Etl.Settings;
using BubbleSync.Server;
using BubbleSync.Server.Runs;
using BubbleSync.Simulator;
using Microsoft.Playwright;
using Xunit;

namespace BubbleSync.Tests.Server.Page;

/// <summary>How the pages look, and who can use them.</summary>
[Collection(SharedBrowser.Name)]
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class PageViewTests(PostgresFixture postgres, Browser browser) : IClassFixture<PostgresFixture>
{
    private static readonly string[] Starts = ["", "/record", "/range", "/changes", "/resync", "/verify", "/patch"];

    [ChromiumFact]
    public async Task Every_page_keeps_nobody_out_wide_or_narrow_light_or_dark()
    {
        await using var server = await ServerFixture.StartAsync(
            postgres, setup: setup => With(setup, "0 0 1 1 *"), options: new SimulatorOptions { Invoices = 20 });
        var run = (await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Resync }, server.Limit))["runId"];
        await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Fields }, server.Limit);
        await using var window = await browser.OpenAsync();
        var page = window.Page;
        string[] addresses =
        [
            "", "/runs", $"/runs/{run}", $"/runs/{run}/timeline", $"/runs/{run}/log", $"/runs/{run}/rejected", "/links", "/coverage", "/schema", "/schedules",
            "/checks", "/entities/invoice", .. Starts.Select(kind => $"/start{kind}"),
        ];

        foreach (var address in addresses)
        {
            await page.ShowAsync(server, address);
            // Half of the pages in each form: what differs between the forms are colours and columns, which all pages share.
            if (Array.IndexOf(addresses, address) % 2 == 0)
                await Browser.AssertAccessibleAsync(page);
            await Browser.AssertFitsPhoneAsync(page, inDepth: Array.IndexOf(addresses, address) % 2 == 1);
        }

        await Screenshots.TakeAsync(page, server, $"/runs/{run}/timeline");
        window.AssertNoErrors();
    }

    [ChromiumFact]
    public async Task An_invoice_is_synced_with_the_keyboard_alone()
    {
        await using var server = await ServerFixture.StartAsync(postgres, options: new SimulatorOptions { Invoices = 5 });
        await using var window = await browser.OpenAsync();
        var page = window.Page;
        var invoice = JsonNode.Parse(server.Sync.Bubble.Records.At("invoice", 0))!["_id"]!.GetValue<string>();

        await page.ShowAsync(server);
        await page.Keyboard.PressAsync("Tab");
        await TabToAsync(page, "Start a run");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Sync invoices" }).WaitForAsync();
        await TabToAsync(page, "ids");
        await page.Keyboard.TypeAsync(invoice);
        await TabToAsync(page, "Sync invoices");
        await page.Keyboard.PressAsync("Enter");
        await page.SeeEndAsync("Succeeded");

        Assert.Equal(invoice, await server.Sync.ScalarAsync<string>("select bubble_id from invoice"));
        window.AssertNoErrors();
    }

    [ChromiumFact]
    public async Task On_a_phone_the_menu_opens_and_closes_and_a_schedule_shows_the_run_that_it_fired()
    {
        await using var server = await ServerFixture.StartAsync(postgres, setup: setup => With(setup, "* * * * * *"));
        await using var window = await browser.OpenAsync(Browser.Phone);
        var page = window.Page;

        // Every second, so that the test waits for no minute.
        await page.ShowAsync(server);
        await page.PressAsync("Menu");
        await page.GetByRole(AriaRole.Link, new() { Name = "Schedules" }).ClickAsync();
        await page.SeeAsync("* * * * * *");
        await page.Locator("td[data-label='Last run'] a").ClickAsync();
        await page.SeeEndAsync("Succeeded");

        Assert.False(await page.GetByRole(AriaRole.Link, new() { Name = "Schedules" }).IsVisibleAsync());
        window.AssertNoErrors();
    }

    private static ServerSetup With(ServerSetup setup, string cron)
    {
        var app = setup.Apps[0];
        ScheduleSettings schedule = new() { Kind = ScheduledKind.Verify, Cron = cron, Entities = ["agent"] };
        return setup with { Apps = [app with { Settings = app.Settings with { Schedules = [schedule] } }] };
    }

    private static async Task TabToAsync(IPage page, string nameOrId)
    {
        for (var step = 0; step < 60; step++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<bool>("name => [document.activeElement.id, document.activeElement.innerText.trim()].includes(name)", nameOrId))
                return;
        }

        Assert.Fail($"The keyboard does not reach '{nameOrId}'.");
    }
}
