using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Pipeline;
using Xunit;

namespace BubbleSync.Tests.Pipeline;

/// <summary>A window keeps its slot, and with it a session, from before it is read until it is staged.</summary>
public sealed class WindowSlotHolderTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_slot_is_free_again_once_all_messages_are_staged_in_whatever_order()
    {
        var (slots, reading) = (new PrioritySlots(1), Window());
        var open = new WindowSlotHolder(slots, _ => ValueTask.CompletedTask);
        List<Reading> messages = [Page(reading), Page(reading), End(reading, 2)];

        await open.PassAsync(messages.ToAsyncEnumerable(), 0, CancellationToken.None).CountAsync();

        Assert.Equal(1, slots.Taken);
        open.Count(messages[2]);
        open.Count(messages[0]);
        Assert.Equal(1, slots.Taken);
        open.Count(messages[1]);
        Assert.Equal(0, slots.Taken);
    }

    [Fact]
    public async Task The_next_reading_of_a_window_waits_until_the_one_before_is_staged()
    {
        var open = new WindowSlotHolder(new PrioritySlots(1), _ => ValueTask.CompletedTask);
        var (first, second) = (End(Window(), 0), End(Window(), 0));
        await using var passed = open.PassAsync(new Reading[] { first, second }.ToAsyncEnumerable(), 0, CancellationToken.None).GetAsyncEnumerator();

        Assert.True(await passed.MoveNextAsync());
        var next = passed.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        open.Count(first);

        Assert.True(await next.WaitAsync(Longest));
        Assert.Same(second, passed.Current);
    }

    [Fact]
    public async Task A_window_whose_pass_failed_is_rolled_back_and_gives_its_slot_to_the_next()
    {
        var (slots, reading, abandoned) = (new PrioritySlots(1), Window(), new List<WindowReading>());
        var open = new WindowSlotHolder(slots, of =>
        {
            abandoned.Add(of);
            return ValueTask.CompletedTask;
        });
        await open.PassAsync(new Reading[] { Page(reading) }.ToAsyncEnumerable(), 0, CancellationToken.None).CountAsync();

        await open.AbandonAsync();

        Assert.Equal([reading], abandoned);
        await slots.EnterAsync(0, CancellationToken.None).WaitAsync(Longest);
    }

    [Fact]
    public async Task A_window_without_messages_keeps_nothing()
    {
        var slots = new PrioritySlots(1);
        var open = new WindowSlotHolder(slots, _ => ValueTask.CompletedTask);

        await open.PassAsync(AsyncEnumerable.Empty<Reading>(), 0, CancellationToken.None).CountAsync();

        Assert.Equal(0, slots.Taken);
    }

    [Fact]
    public async Task Slots_go_to_the_lowest_rank_first_and_past_those_who_gave_up()
    {
        var slots = new PrioritySlots(1);
        using var stop = new CancellationTokenSource();
        await slots.EnterAsync(5, CancellationToken.None);
        var (late, gone, early) = (slots.EnterAsync(3, CancellationToken.None), slots.EnterAsync(1, stop.Token), slots.EnterAsync(2, CancellationToken.None));
        await stop.CancelAsync();

        slots.Leave();
        await early.WaitAsync(Longest);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone.WaitAsync(Longest));
        Assert.False(late.IsCompleted);
        slots.Leave();
        await late.WaitAsync(Longest);
    }

    private static WindowReading Window() => new(new Window(WindowKind.Chosen, null, null), 1);

    // A message of a reading; what it holds does not matter here.
    private static PageMapped Page(WindowReading of) => new(of, null!);

    private static ReadingEnded End(WindowReading of, int pages) => new(of, pages, new ReadingResult(Outcome.Verified, null, 0, null, null));
}
