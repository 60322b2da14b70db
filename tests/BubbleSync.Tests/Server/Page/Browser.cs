using Deque.AxeCore.Commons;
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

    // Two of axe's rules would read all style sheets first, which takes longer than all others.
    private const string Search =
        """
        async () => {
          const found = await axe.run(document, {
            runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] },
            rules: { 'no-autoplay-audio': { enabled: false }, 'css-orientation-lock': { enabled: false } },
            resultTypes: ['violations'],
          });
          return found.violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => `${v.id}: ${v.help}: ${v.nodes[0].html}`);
        }
        """;

    private static readonly Lazy<Task<string>> Axe = new(ReadAxeAsync);

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
        // Once for each window: the pages after the first one are drawn in it. Axe's own way opens another window each time, which takes two seconds.
        if (!await page.EvaluateAsync<bool>("() => 'axe' in window"))
            await page.EvaluateAsync(await Axe.Value);
        Assert.Empty((await page.EvaluateAsync<string[]>(Search)).Select(v => $"{page.Url}: {v}"));
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

    private static async Task<string> ReadAxeAsync()
    {
        await using var resource = typeof(AxeRunOptions).Assembly.GetManifestResourceStream("Deque.AxeCore.Commons.Resources.axe.min.js")!;
        using var reader = new StreamReader(resource);
        return await reader.ReadToEndAsync();
    }
}
