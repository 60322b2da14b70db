using BubbleSync.Etl.Bubble.Throttling;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>The bound of bytes in memory: who waits, who goes first, and that nobody waits for ever.</summary>
public sealed class ByteBudgetTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_page_waits_until_its_bytes_are_free()
    {
        var budget = new ByteBudget(100);
        var first = await budget.ReserveAsync(60, CancellationToken.None);

        var second = budget.ReserveAsync(60, CancellationToken.None);

        Assert.False(second.IsCompleted);
        first.Dispose();
        (await second.WaitAsync(Limit)).Dispose();
        Assert.Equal((0, 60), (budget.Used, budget.Peak));
    }

    [Fact]
    public async Task First_come_first_served_even_if_a_later_page_would_fit()
    {
        var budget = new ByteBudget(100);
        var first = await budget.ReserveAsync(60, CancellationToken.None);
        var large = budget.ReserveAsync(100, CancellationToken.None);

        var small = budget.ReserveAsync(1, CancellationToken.None);

        Assert.False(small.IsCompleted);
        first.Dispose();
        (await large.WaitAsync(Limit)).Dispose();
        (await small.WaitAsync(Limit)).Dispose();
    }

    [Fact]
    public async Task A_page_larger_than_the_budget_goes_through_alone()
    {
        var budget = new ByteBudget(100);
        using var page = await budget.ReserveAsync(1000, CancellationToken.None);

        Assert.True(page.TryGrow(900));

        Assert.Equal(1000, budget.Used);
        Assert.False(budget.ReserveAsync(1, CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task One_page_at_a_time_grows_beyond_the_budget()
    {
        var budget = new ByteBudget(100);
        var one = await budget.ReserveAsync(50, CancellationToken.None);
        var other = await budget.ReserveAsync(50, CancellationToken.None);
        Assert.True(one.TryGrow(10));

        Assert.False(other.TryGrow(10));
        var waits = other.GrowAsync(10, CancellationToken.None);

        Assert.True(one.TryGrow(10));
        Assert.False(waits.IsCompleted);
        one.Dispose();
        await waits.WaitAsync(Limit);
        Assert.Equal(60, budget.Used);
        other.Dispose();
        Assert.Equal((0, 120), (budget.Used, budget.Peak));
    }

    [Fact]
    public async Task Once_a_page_beyond_the_budget_fits_again_another_may_grow_beyond_it()
    {
        var budget = new ByteBudget(100);
        using var one = await budget.ReserveAsync(50, CancellationToken.None);
        using var other = await budget.ReserveAsync(50, CancellationToken.None);
        Assert.True(one.TryGrow(10));
        Assert.False(other.TryGrow(20));

        one.Shrink(40);

        Assert.True(other.TryGrow(20));
        Assert.Equal(110, budget.Used);
    }

    [Fact]
    public async Task Who_waits_to_grow_is_overtaken_neither_by_a_page_that_grows_less_nor_by_a_new_one()
    {
        var budget = new ByteBudget(100);
        var beyond = await budget.ReserveAsync(50, CancellationToken.None);
        using var waiting = await budget.ReserveAsync(10, CancellationToken.None);
        using var growing = await budget.ReserveAsync(20, CancellationToken.None);
        var done = await budget.ReserveAsync(20, CancellationToken.None);
        Assert.True(beyond.TryGrow(10));
        var grows = waiting.GrowAsync(30, CancellationToken.None);

        done.Dispose();
        var enters = budget.ReserveAsync(5, CancellationToken.None);

        Assert.False(growing.TryGrow(5));
        Assert.Equal((false, false, 90), (grows.IsCompleted, enters.IsCompleted, budget.Used));
        beyond.Dispose();
        await grows.WaitAsync(Limit);
        (await enters.WaitAsync(Limit)).Dispose();
    }

    [Fact]
    public async Task What_a_page_did_not_need_is_free_at_once()
    {
        var budget = new ByteBudget(100);
        using var page = await budget.ReserveAsync(100, CancellationToken.None);
        var next = budget.ReserveAsync(90, CancellationToken.None);

        page.Shrink(10);

        using var given = await next.WaitAsync(Limit);
        Assert.Equal(100, budget.Used);
    }

    [Fact]
    public async Task Who_gives_up_holds_nothing_and_lets_the_next_go()
    {
        using var stop = new CancellationTokenSource();
        var budget = new ByteBudget(100);
        var first = await budget.ReserveAsync(60, CancellationToken.None);
        var large = budget.ReserveAsync(100, stop.Token);
        var small = budget.ReserveAsync(40, CancellationToken.None);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        (await small.WaitAsync(Limit)).Dispose();
        first.Dispose();
        first.Dispose();
        Assert.Equal(0, budget.Used);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task Many_pages_that_grow_as_they_are_read_all_come_through_within_the_budget_and_one_page(int bytes)
    {
        const int Largest = 500;
        var budget = new ByteBudget(bytes);
        async Task PageAsync(int number)
        {
            var random = new Random(number);
            using var page = await budget.ReserveAsync(random.Next(1, 100), CancellationToken.None);
            for (var size = random.Next(100, Largest); page.Bytes < size; await Task.Yield())
            {
                var more = Math.Min(random.Next(1, 60), size - page.Bytes);
                if (!page.TryGrow(more))
                    await page.GrowAsync(more, CancellationToken.None);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 200).Select(number => Task.Run(() => PageAsync(number)))).WaitAsync(Limit);

        Assert.Equal(0, budget.Used);
        Assert.InRange(budget.Peak, 1, bytes + Largest);
    }
}
