using Microsoft.Playwright;

namespace BubbleSync.Tests.Server.Page;

/// <summary>What tests do on a page, in the words of those who see it.</summary>
internal static class PageActions
{
    /// <summary>Opens a page of the app and waits until it is there.</summary>
    public static async Task<IPage> ShowAsync(this IPage page, ServerFixture server, string address = "")
    {
        await page.GotoAsync(new Uri(server.Address, $"/apps/{ServerFixture.App}{address}").AbsoluteUri);
        await page.Locator("h1").WaitForAsync();
        return page;
    }

    /// <summary>Presses a button.</summary>
    public static Task PressAsync(this IPage page, string button) =>
        page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).First.ClickAsync();

    /// <summary>Waits for a text.</summary>
    public static Task SeeAsync(this IPage page, string text) => page.GetByText(text).First.WaitForAsync();

    /// <summary>Waits for the badge of a run's end.</summary>
    public static Task SeeEndAsync(this IPage page, string state) => page.Locator(".verdict .badge", new() { HasText = state }).First.WaitForAsync();

    /// <summary>Returns whether a text is on the page.</summary>
    public static async Task<bool> HasAsync(this IPage page, string text) => (await page.ContentAsync()).Contains(text, StringComparison.Ordinal);
}
