using Microsoft.Playwright;

namespace BubbleSync.Tests.Server.Page;

/// <summary>What tests do on a page, in the words of those who see it.</summary>
internal static class PageActions
{
    /// <summary>Opens a page of the app, from another one as its links do, and waits until it is there.</summary>
    public static async Task ShowAsync(this IPage page, ServerFixture server, string address = "")
    {
        var path = $"/apps/{ServerFixture.App}{address}";
        if (page.Url.StartsWith(server.Address.AbsoluteUri, StringComparison.Ordinal))
            await page.EvaluateAsync("path => Blazor.navigateTo(path)", path);
        else
            await page.GotoAsync(new Uri(server.Address, path).AbsoluteUri);
        await page.Locator($"main[data-address='{path}'] h1").WaitForAsync();
        await page.Locator(".loading").WaitForAsync(new() { State = WaitForSelectorState.Detached });
    }

    /// <summary>Presses a button.</summary>
    public static Task PressAsync(this IPage page, string button) =>
        page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).First.ClickAsync();

    /// <summary>Waits for a text.</summary>
    public static Task SeeAsync(this IPage page, string text) => page.GetByText(text).First.WaitForAsync();

    /// <summary>Waits for the badge of a run's end.</summary>
    public static async Task SeeEndAsync(this IPage page, string state)
    {
        try
        {
            await page.Locator(".verdict .badge", new() { HasText = state }).First.WaitForAsync();
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{page.Url} does not become '{state}': {await page.Locator("main").InnerTextAsync()}");
        }
    }

    /// <summary>Returns whether a text is on the page.</summary>
    public static async Task<bool> HasAsync(this IPage page, string text) => (await page.ContentAsync()).Contains(text, StringComparison.Ordinal);
}
