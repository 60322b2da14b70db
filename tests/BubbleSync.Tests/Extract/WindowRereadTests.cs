using System.Buffers;
using BubbleSync.Etl;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Extract;

/// <summary>When a window is read again, and which result its readings have.</summary>
public sealed class WindowRereadTests
{
    private const int Records = 25;
    private const int PageSize = 10;

    private readonly FakeType _type = new();

    public WindowRereadTests()
    {
        foreach (var number in Enumerable.Range(0, Records))
            _type.Put($"{number:00}x0", 5000, 1000 + number);
    }

    [Fact]
    public async Task A_window_whose_counts_agree_is_read_once_in_as_many_calls_as_it_has_pages()
    {
        var handedOn = await ReadAsync();

        Assert.Equal((Records, 3), (handedOn.Versions.Count, _type.Requests));
        Assert.Equal(new ReadingResult(Outcome.Verified, Records, Records, Records, null), Assert.Single(handedOn.Ends).ReadingResult);
    }

    [Fact]
    public async Task A_window_that_changed_while_it_was_read_is_read_again_and_only_the_last_reading_counts()
    {
        _type.Before = () =>
        {
            if (_type.Requests == 3)
                _type.Records.Remove("00x0");
        };

        var handedOn = await ReadAsync(out var attempts);

        Assert.Empty(handedOn.Issues);
        Assert.Equal((2, Records - 1, Records - 1), (attempts.Max(), handedOn.Versions.Count, handedOn.Rows));
    }

    [Fact]
    public async Task A_window_that_comes_short_each_time_is_read_four_times_and_is_then_an_issue()
    {
        _type.Lie = (_, _, _, answer) => answer with { Remaining = answer.Remaining + 1 };

        var handedOn = await ReadAsync(out var attempts);

        Assert.Equal(4, attempts.Max());
        Assert.Equal("25 rows came of 26 counted before and 26 after", Assert.Single(handedOn.Issues));
    }

    [Fact]
    public async Task Without_any_count_everything_is_read_once_and_is_an_issue()
    {
        _type.Lie = (_, _, _, answer) => answer with { Remaining = null };

        var handedOn = await ReadAsync();

        Assert.Equal(Records, handedOn.Versions.Count);
        Assert.Contains("do not say how many rows remain", Assert.Single(handedOn.Issues), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Records_from_outside_are_an_issue_of_the_constraint()
    {
        _type.Lie = (_, _, _, answer) => answer with { Rows = [.. answer.Rows.Select(r => r with { Created = 1 })] };

        var handedOn = await ReadAsync();

        Assert.True(Assert.Single(handedOn.Ends).ReadingResult.IsUnconstrained);
        Assert.Contains("the constraint was not applied", Assert.Single(handedOn.Issues), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_that_comes_twice_in_every_reading_is_accepted_with_a_reservation()
    {
        _type.Lie = (_, _, _, answer) => new FakeAnswer([.. answer.Rows.Select(r => r.Id == "03x0" ? r with { Id = "20x0" } : r)], answer.Remaining);

        var handedOn = await ReadAsync();

        var result = Assert.Single(handedOn.Ends).ReadingResult;
        Assert.Equal((Outcome.Verified, "1 ids came twice in every reading; the newest of each counts"), (result.Outcome, result.Why));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_window_with_more_records_than_Bubble_shows_stops_the_reading_and_one_of_changes_proposes_a_resync(bool isOfChanges)
    {
        var window = new Window(isOfChanges ? WindowKind.Modified : WindowKind.Created, FakeType.At(1000), FakeType.At(6000));

        var failure = await Assert.ThrowsAsync<SyncException>(() => ReadAsync(window, out _, new BubbleSettings { PageSize = PageSize, OffsetCeiling = 20 }));

        Assert.Equal(ErrorCode.WindowTooDense, failure.Errors[0].Code);
        Assert.Equal(isOfChanges, failure.Errors[0].Next?.Kind == NextActionKind.ResyncEntities);
    }

    [Fact]
    public async Task Ids_that_make_an_address_too_long_are_asked_for_in_halves()
    {
        var asked = new List<int>();
        var source = new EntitySource("thing", (window, _, limit, _) =>
        {
            var ids = window!.Choice!.Ids;
            if (ids.Count > 2)
                throw new SyncException(new SyncError(SyncStage.Extract, "thing", null, null, ErrorCode.AddressTooLong, "too long"));
            asked.Add(ids.Count);
            return Task.FromResult(Page(ids, limit));
        });
        var reader = new WindowReader(source, new BubbleSettings(), new ReadingOrder(TimeProvider.System));

        var handedOn = await HandedOn.OfAsync(reader.ReadAsync(Window.Of(new Choice("_id", false, ["a", "b", "c", "d", "e"])), CancellationToken.None));

        Assert.Equal([2, 1, 2], asked);
        Assert.Equal(["a", "b", "c", "d", "e"], handedOn.Versions.Keys.Order());
        Assert.Empty(handedOn.Issues);
    }

    private static RawPage Page(IReadOnlyList<string> ids, int limit)
    {
        var results = string.Join(',', ids.Select(id => $$"""{"_id":"{{id}}","version":1}"""));
        var body = System.Text.Encoding.UTF8.GetBytes($$$"""{"response":{"results":[{{{results}}}],"count":{{{ids.Count}}},"remaining":0}}""");
        var rented = ArrayPool<byte>.Shared.Rent(body.Length);
        body.CopyTo(rented, 0);
        return RawPage.Parse(rented, body.Length, null, limit: limit);
    }

    private Task<HandedOn> ReadAsync() => ReadAsync(out _);

    private Task<HandedOn> ReadAsync(out List<int> attempts) => ReadAsync(new Window(WindowKind.Created, FakeType.At(1000), FakeType.At(2000)), out attempts);

    private Task<HandedOn> ReadAsync(Window window, out List<int> attempts, BubbleSettings? settings = null)
    {
        var reader = new WindowReader(_type.Source, settings ?? new BubbleSettings { PageSize = PageSize }, new ReadingOrder(TimeProvider.System));
        var numbers = attempts = [];
        return HandedOn.OfAsync(reader.ReadAsync(window, CancellationToken.None).Select(reading =>
        {
            numbers.Add(reading.Of.Attempt);
            return reading;
        }));
    }
}
