using BubbleSync.Etl.Settings;
using BubbleSync.Server.Safety;
using Microsoft.Playwright;
using Xunit;

namespace BubbleSync.Tests.Server.Page;

/// <summary>The sign-in of the page.</summary>
[Collection(SharedBrowser.Name)]
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class PageSignInTests(PostgresFixture postgres, Browser browser) : IClassFixture<PostgresFixture>
{
    private const string Key = "a-key-of-enough-letters";

    [ChromiumFact]
    public async Task The_key_opens_the_page_that_was_asked_for_and_signing_out_closes_it()
    {
        await using var server = await ServerFixture.StartAsync(postgres, new ServerSettings { AccessKey = Key });
        await using var window = await browser.OpenAsync();
        var page = window.Page;

        await page.GotoAsync(new Uri(server.Address, $"/apps/{ServerFixture.App}/schedules").AbsoluteUri);
        await Browser.AssertAccessibleAsync(page);
        await SignInAsync(page, "a-wrong-key-of-letters");
        await page.SeeAsync("The key is wrong.");
        await Browser.AssertAccessibleAsync(page);
        await SignInAsync(page, Key);
        await page.GetByRole(AriaRole.Heading, new() { Name = "Schedules of main" }).WaitForAsync();
        var cookie = (await page.Context.CookiesAsync()).Single(c => c.Name == "bubblesync");
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign out" }).ClickAsync();
        await page.PressAsync("Sign out");
        await page.GetByLabel("Access key").WaitForAsync();
        await page.GotoAsync(server.Address.AbsoluteUri);

        Assert.Equal((true, SameSiteAttribute.Strict), (cookie.HttpOnly, cookie.SameSite));
        Assert.Contains(PageAccess.SignInPath, page.Url, StringComparison.Ordinal);
    }

    private static async Task SignInAsync(IPage page, string key)
    {
        await page.GetByLabel("Access key").FillAsync(key);
        await page.PressAsync("Sign in");
    }
}
