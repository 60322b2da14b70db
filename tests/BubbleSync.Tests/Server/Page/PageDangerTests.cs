using BubbleSync.Server.Runs;
using BubbleSync.Tests.Resync;
using Microsoft.Playwright;
using Xunit;

namespace BubbleSync.Tests.Server.Page;

/// <summary>What nothing brings back asks first, and says what would happen.</summary>
[Collection(SharedBrowser.Name)]
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class PageDangerTests(PostgresFixture postgres, Browser browser) : IClassFixture<PostgresFixture>
{
    [ChromiumFact]
    public async Task Deleting_rows_shows_how_many_and_runs_only_when_confirmed()
    {
        await using var server = await ServerFixture.StartAsync(postgres);
        for (var n = 1; n <= 10; n++)
            server.Sync.Put("agent", SyncFixture.Record(n, SyncFixture.Early));
        await server.Api.FinishAsync(new RunOrder { Kind = SyncKind.Resync, Entities = ["agent"] }, server.Limit);
        server.Sync.Bubble.Records.Delete("agent", SyncFixture.Id(1));
        await using var window = await browser.OpenAsync();
        var page = window.Page;

        await page.ShowAsync(server, "/start/changes");
        await page.GetByLabel("agent").CheckAsync();
        await page.GetByLabel("Rows that Bubble no longer has").SelectOptionAsync("Hard");
        await page.PressAsync("Sync changes");
        await page.SeeAsync("these would be deleted: 1 row of agent.");
        await Browser.AssertAccessibleAsync(page);
        await page.PressAsync("Go back");
        await page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Detached });
        var runs = await server.Sync.ScalarAsync<long>("select count(*) from bubblesync.run");
        await page.PressAsync("Sync changes");
        await page.PressAsync("Start the run");
        await page.SeeEndAsync("Succeeded");

        Assert.Equal(1, runs);
        Assert.Equal(9, await server.Sync.ScalarAsync<long>("select count(*) from agent"));
        window.AssertNoErrors();
    }

    [ChromiumFact]
    public async Task A_missing_column_shows_its_statement_which_runs_only_when_confirmed()
    {
        await using var server = await ServerFixture.StartAsync(postgres);
        server.Sync.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"A\""));
        await server.Sync.ExecuteAsync("alter table agent drop column name cascade");
        await using var window = await browser.OpenAsync();
        var page = window.Page;

        await page.ShowAsync(server, "/schema");
        await page.PressAsync("Run these statements");
        await page.GetByRole(AriaRole.Dialog).GetByText("add column").WaitForAsync();
        await page.PressAsync("Run them");
        await page.GetByText("ran.").WaitForAsync();

        Assert.Equal(1, await server.Sync.ScalarAsync<long>(
            "select count(*) from information_schema.columns where table_name = 'agent' and column_name = 'name'"));
        window.AssertNoErrors();
    }
}
