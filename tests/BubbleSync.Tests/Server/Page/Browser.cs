using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;

namespace BubbleSync.Tests.Server.Page;

/// <summary>One browser for the tests of the page. Each test opens windows of its own, which share nothing.</summary>
public sealed class Browser : IAsyncLifetime
{
    // Axe's words for what keeps people out.
    private static readonly string[] Grave = ["serious", "critical"];

    private static readonly string[] Arguments =
    [
        "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        .. Environment.IsPrivilegedProcess ? ["--no-sandbox"] : Array.Empty<string>(),
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        // Where there is none, the tests are skipped.
        if (ChromiumProgram.Here.Path is not { } path)
            return;

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = Arguments });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    /// <summary>Opens a window.</summary>
    /// <param name="width">Its width.</param>
    /// <param name="dark">Whether the viewer prefers dark colours.</param>
    internal async Task<BrowserWindow> OpenAsync(int width = 1280, bool dark = false)
    {
        var context = await _browser!.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = 800 },
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            TimezoneId = "Asia/Kuala_Lumpur",
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(30_000);
        return new BrowserWindow(context, await context.NewPageAsync());
    }

    /// <summary>Asserts that a page keeps nobody out, and that nothing of it lies beside the window.</summary>
    internal static async Task AssertAccessibleAsync(IPage page)
    {
        var result = await page.RunAxe();
        Assert.Empty(result.Violations.Where(v => Grave.Contains(v.Impact)).Select(v => $"{page.Url}: {v.Id}: {v.Help}: {Place(v)}"));
        Assert.True(
            await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, $"{page.Url} is too wide.");
    }

    private static string Place(AxeResultItem violation) => violation.Nodes.Length > 0 ? violation.Nodes[0].Html : "";
}
