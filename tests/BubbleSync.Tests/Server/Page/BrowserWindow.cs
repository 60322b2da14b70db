using System.Collections.Concurrent;
using Microsoft.Playwright;
using Xunit;

namespace BubbleSync.Tests.Server.Page;

/// <summary>A window of the browser with cookies of its own. Close it before the server ends, so that no page looks for the server.</summary>
internal sealed class BrowserWindow : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _errors = [];

    /// <summary>Takes a window, and notes what its page reports as an error, such as a breach of the policy of contents.</summary>
    public BrowserWindow(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, line) =>
        {
            if (line.Type == "error")
                _errors.Enqueue(line.Text);
        };
        page.PageError += (_, error) => _errors.Enqueue(error);
    }

    /// <summary>Its page.</summary>
    public IPage Page { get; }

    /// <summary>Closes it.</summary>
    public ValueTask DisposeAsync() => new(_context.CloseAsync());

    /// <summary>Asserts that the page reported no error.</summary>
    public void AssertNoErrors() => Assert.Empty(_errors);
}
