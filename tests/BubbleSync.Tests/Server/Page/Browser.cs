using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;

namespace BubbleSync.Tests.Server.Page;

/// <summary>One browser for the tests of the page. Each test opens windows of its own, which share nothing.</summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>The width of a phone.</summary>
    internal const int Phone = 375;

    private const int Desk = 1280;
    private const int Height = 800;

    // Axe's words for what keeps people out.
    private static readonly string[] Grave = ["serious", "critical"];

    // Two rules would read all style sheets first, which takes longer than all others.
    private static readonly AxeRunOptions Rules = new()
    {
        RunOnly = new() { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
        Rules = new() { ["no-autoplay-audio"] = new() { Enabled = false }, ["css-orientation-lock"] = new() { Enabled = false } },
        ResultTypes = [ResultType.Violations],
    };

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
    internal async Task<BrowserWindow> OpenAsync(int width = Desk)
    {
        var context = await _browser!.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = Height },
            TimezoneId = "Asia/Kuala_Lumpur",
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(30_000);
        return new BrowserWindow(context, await context.NewPageAsync());
    }

    /// <summary>Asserts that a page keeps nobody out, and that nothing of it lies beside the window.</summary>
    internal static async Task AssertAccessibleAsync(IPage page)
    {
        var result = await page.RunAxe(Rules);
        Assert.Empty(result.Violations.Where(v => Grave.Contains(v.Impact)).Select(v => $"{page.Url}: {v.Id}: {v.Help}: {Place(v)}"));
        await AssertFitsAsync(page);
    }

    private static async Task AssertFitsAsync(IPage page) => Assert.True(
        await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, $"{page.Url} is too wide.");

    /// <summary>Asserts that nothing of a page lies beside the window of a phone, and in depth that it keeps nobody out there in dark colours.</summary>
    internal static async Task AssertFitsPhoneAsync(IPage page, bool inDepth)
    {
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await page.SetViewportSizeAsync(Phone, Height);
        await (inDepth ? AssertAccessibleAsync(page) : AssertFitsAsync(page));
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        await page.SetViewportSizeAsync(Desk, Height);
    }

    private static string Place(AxeResultItem violation) => violation.Nodes.Length > 0 ? violation.Nodes[0].Html : "";
}
