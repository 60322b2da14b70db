using Microsoft.Playwright;

namespace BubbleSync.Tests.Server.Page;

/// <summary>Pictures of pages for the docs, made only where <c>BUBBLESYNC_TEST_SCREENSHOTS</c> is <c>true</c>: a test run does not change the clone.</summary>
internal static class Screenshots
{
    private static readonly string Folder = Path.Combine(Repository.Root, "docs", "images");

    /// <summary>Takes them.</summary>
    /// <param name="page">The window.</param>
    /// <param name="server">The server, with a run.</param>
    /// <param name="run">The address of the run.</param>
    public static async Task TakeAsync(IPage page, ServerFixture server, string run)
    {
        if (Environment.GetEnvironmentVariable("BUBBLESYNC_TEST_SCREENSHOTS") != "true")
            return;

        foreach (var (name, address) in new[] { ("overview", ""), ("run", run), ("start", "/start/resync") })
        {
            await page.ShowAsync(server, address);
            await page.ScreenshotAsync(new() { Path = Path.Combine(Folder, $"{name}.png") });
        }
    }
}
