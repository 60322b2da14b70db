using System.Buffers;
using System.Globalization;
using System.Text;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using Xunit;

namespace BubbleSync.Tests.Extract;

/// <summary>How the pages of one window are read side by side.</summary>
public sealed class WindowReaderTests
{
    private const int Rows = 70;
    private const int PageSize = 10;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_page_is_handed_on_even_if_an_earlier_one_waits_until_later_ones_are_gone()
    {
        // As with a memory budget: the second page gets its memory only once the two pages behind it are handed on.
        var later = new CountdownEvent(2);
        var reader = Reader(async (cursor, _) =>
        {
            if (cursor == PageSize)
                await Task.Run(() => Assert.True(later.Wait(Limit)));
        });

        var cursors = await CursorsAsync(reader, cursor =>
        {
            if (cursor is 2 * PageSize or 3 * PageSize)
                later.Signal();
        });

        Assert.Equal(Enumerable.Range(0, Rows / PageSize).Select(i => (long)i * PageSize), cursors.Order());
        Assert.Equal(6 * PageSize, cursors[^1]);
    }

    [Fact]
    public async Task The_rest_of_a_page_that_came_short_is_asked_for_and_the_last_page_comes_last()
    {
        var reader = Reader((_, _) => Task.CompletedTask, mostAt: cursor => cursor is PageSize or 2 * PageSize ? 4 : PageSize);

        var cursors = await CursorsAsync(reader, _ => { });

        Assert.Equal([0, 10, 14, 20, 24, 30, 40, 50, 60], cursors.Order());
        Assert.Equal(6 * PageSize, cursors[^1]);
    }

    [Theory]
    [InlineData(true, new long[] { 0, 2, 12, 22, 32, 42, 52, 62 })]
    [InlineData(false, null)]
    public async Task Only_a_limit_of_Bubbles_own_holds_for_the_pages_behind_the_first(bool isForItsSize, long[]? expected)
    {
        expected ??= [.. Enumerable.Range(0, Rows / 2).Select(i => i * 2L)];
        var reader = Reader((_, _) => Task.CompletedTask, mostAt: cursor => cursor == 0 || !isForItsSize ? 2 : PageSize, isForItsSize: isForItsSize);

        Assert.Equal(expected, (await CursorsAsync(reader, _ => { })).Order());
    }

    [Fact]
    public async Task Pages_under_way_are_disposed_of_where_reading_stops()
    {
        var (made, disposed) = (0, 0);
        var reader = Reader((_, _) => Task.CompletedTask, memory: () =>
        {
            Interlocked.Increment(ref made);
            return new Memory(() => Interlocked.Increment(ref disposed));
        });

        await foreach (var reading in reader.ReadAsync(FakeWindow, CancellationToken.None))
        {
            reading.Dispose();
            if (reading is PageRead { Page.Count: PageSize } && made > 3)
                break;
        }

        Assert.Equal(made, disposed);
    }

    private static Window FakeWindow => new(WindowKind.Created, FakeType.At(0), FakeType.At(Rows));

    private static async Task<List<long>> CursorsAsync(WindowReader reader, Action<long> seen)
    {
        var cursors = new List<long>();
        await foreach (var reading in reader.ReadAsync(FakeWindow, CancellationToken.None))
        {
            if (reading is PageRead { Page: var page })
            {
                cursors.Add(long.Parse(page.Records[0].GetProperty("_id").GetString()!.Split('x')[1], CultureInfo.InvariantCulture));
                page.Dispose();
                seen(cursors[^1]);
            }
            else if (reading is ReadingEnded { ReadingResult: var result })
            {
                Assert.Equal((Etl.Messages.Outcome.Verified, Rows), (result.Outcome, result.RowsRead));
            }
        }

        return cursors;
    }

    private static WindowReader Reader(
        Func<long, int, Task> before, Func<long, int>? mostAt = null, Func<IDisposable>? memory = null, bool isForItsSize = false)
    {
        var source = new EntitySource("thing", async (_, cursor, limit, _) =>
        {
            await before(cursor, limit);
            var most = Math.Min(limit, mostAt?.Invoke(cursor) ?? PageSize);
            return Page(cursor, (int)Math.Min(most, Rows - cursor), memory?.Invoke(), isForItsSize ? most : limit);
        });
        return new WindowReader(source, new BubbleSettings { PageSize = PageSize }, new ReadingOrder(TimeProvider.System));
    }

    private static RawPage Page(long cursor, int count, IDisposable? memory, int limit)
    {
        var records = Enumerable.Range((int)cursor, count).Select(i => $$"""{"_id":"1x{{i}}","Created Date":"{{FakeType.At(i):yyyy-MM-ddTHH:mm:ss.fffZ}}"}""");
        var text = $$$"""{"response":{"results":[{{{string.Join(',', records)}}}],"count":{{{count}}},"remaining":{{{Rows - cursor - count}}}}}""";
        var body = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        return RawPage.Parse(body, Encoding.UTF8.GetBytes(text, body), null, memory, limit);
    }

    private sealed class Memory(Action dispose) : IDisposable
    {
        public void Dispose() => dispose();
    }
}
