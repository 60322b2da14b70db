using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Extract.Changes;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using Xunit;

namespace BubbleSync.Tests.Extract;

/// <summary>How changes are read by key: how many calls, which windows, and what becomes of answers that are not true.</summary>
public class KeysetTests
{
    private const int PageSize = 10;
    private readonly FakeType _type = new();

    [Theory]
    [InlineData(0, 1)]
    [InlineData(9, 1)]
    [InlineData(95, 11)]
    [InlineData(250, 28)]
    public async Task Changes_take_a_call_for_each_page_and_one_for_none(int changes, int calls)
    {
        Fill(changes);

        var handedOn = await ReadAsync();

        Assert.Empty(handedOn.Issues);
        Assert.Equal((changes, changes, calls), (handedOn.Versions.Count, handedOn.Rows, _type.Requests));
    }

    [Fact]
    public async Task A_deletion_on_the_first_page_and_an_edit_into_the_last_hide_no_record()
    {
        Fill(15);
        _type.Put("old", 1);
        Before(request: 2, () =>
        {
            _type.Records.Remove("3x0");
            _type.Put("old", 2000);
        });

        var handedOn = await ReadAsync();

        Assert.Empty(handedOn.Issues);
        Assert.Equal(16, handedOn.Versions.Count);
    }

    [Fact]
    public async Task A_millisecond_that_fills_pages_is_read_by_itself_and_what_follows_it_too()
    {
        Fill(5);
        foreach (var number in Enumerable.Range(0, 35))
            _type.Put($"{number}x1", 1500);
        _type.Put("last", 1501);

        var handedOn = await ReadAsync();

        Assert.Empty(handedOn.Issues);
        Assert.Equal(41, handedOn.Versions.Count);
        var (_, result) = Assert.Single(handedOn.Ends, e => e.Window.From == FakeType.At(1500) && e.Window.To == FakeType.At(1501));
        Assert.Equal((35L, 35L, 35L), (result.CountBefore, result.RowsRead, result.CountAfter));
    }

    [Fact]
    public async Task Both_ends_of_a_closed_range_are_kept()
    {
        Fill(30);

        var handedOn = await HandedOn.OfAsync(Reader().ReadAsync(Range(1005, 1020), FakeType.At(5000), CancellationToken.None, CancellationToken.None));

        Assert.Empty(handedOn.Issues);
        Assert.Equal(Enumerable.Range(5, 15).Select(n => $"{n}x0").Order(), handedOn.Versions.Keys.Order());
    }

    [Fact]
    public async Task A_source_that_always_changes_is_left_to_the_next_run()
    {
        Fill(40);
        _type.Now = 3000;
        _type.Before = () => Enumerable.Range(0, PageSize).ToList().ForEach(_ => _type.Put($"{++_type.Now}x1", _type.Now));

        var handedOn = await ReadAsync();

        Assert.Empty(handedOn.Issues);
        Assert.InRange(_type.Requests, 5, 15);
        Assert.Superset(Enumerable.Range(0, 40).Select(n => $"{n}x0").ToHashSet(), handedOn.Versions.Keys.ToHashSet());
    }

    [Fact]
    public async Task A_drain_ends_after_the_page_under_way_with_what_came_until_then()
    {
        Fill(40);
        using var drain = new CancellationTokenSource();
        Before(request: 2, drain.Cancel);

        var handedOn = await HandedOn.OfAsync(Reader().ReadAsync(Range(1000, null), FakeType.At(5000), drain.Token, CancellationToken.None));

        var (window, result) = Assert.Single(handedOn.Ends);
        Assert.Equal((2, 19, FakeType.At(1018)), (_type.Requests, handedOn.Rows, window.To));
        Assert.Equal(Outcome.Verified, result.Outcome);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_small_page_of_large_records_that_says_that_nothing_remains_does_not_end_the_reading_either(int liar)
    {
        Fill(35);
        _type.MostRecords = 4;
        Lie(liar, answer => answer with { Remaining = 0 });

        var handedOn = await ReadAsync();

        Assert.Empty(handedOn.Issues);
        Assert.Equal(35, handedOn.Versions.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task An_answer_that_says_that_nothing_remains_does_not_end_the_reading(int liar)
    {
        Fill(35);
        Lie(liar, answer => answer with { Remaining = 0 });

        var handedOn = await ReadAsync();

        Assert.Empty(handedOn.Issues);
        Assert.Equal(35, handedOn.Versions.Count);
    }

    [Fact]
    public async Task A_short_page_that_says_that_nothing_remains_is_found_out_by_the_counts()
    {
        Fill(35);
        Lie(2, answer => new FakeAnswer([.. answer.Rows.Take(4)], 0));

        var handedOn = await ReadAsync();

        Assert.Empty(handedOn.Issues);
        Assert.Equal(35, handedOn.Versions.Count);
    }

    [Fact]
    public async Task Records_that_are_counted_and_never_sent_are_an_issue()
    {
        Fill(35);
        _type.Lie = (window, _, limit, answer) => limit == 1 || _type.Requests == 1 ? answer
            : new FakeAnswer([.. answer.Rows.Where(r => r.Id != "20x0")], answer.Remaining - (window!.From > FakeType.At(1010) ? 0 : 1));

        var handedOn = await ReadAsync();

        Assert.Equal("34 different records came of 35 that Bubble counts", Assert.Single(handedOn.Issues));
    }

    [Fact]
    public async Task What_is_deleted_while_it_is_read_is_no_issue()
    {
        Fill(35);
        Before(request: 2, () => _type.Records.Remove("30x0"));

        var handedOn = await ReadAsync();

        Assert.Empty(handedOn.Issues);
        Assert.Equal(34, handedOn.Versions.Count);
    }

    [Fact]
    public async Task Counts_without_records_end_as_an_issue_not_in_an_endless_loop()
    {
        Fill(35);
        _type.Lie = (_, _, _, answer) => _type.Requests < 3 ? answer : new FakeAnswer([], 600);

        var handedOn = await ReadAsync();

        Assert.Contains("sends none of 600 records that it counts", Assert.Single(handedOn.Issues), StringComparison.Ordinal);
        Assert.Equal(19, handedOn.Rows);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(100, 1)]
    public async Task A_constraint_that_is_not_applied_is_asked_for_again_and_then_an_issue(int times, int issues)
    {
        Fill(35);
        _type.Put("old", 1);
        _type.Lie = (_, _, limit, answer) =>
            _type.Requests > times ? answer : new FakeAnswer([.. _type.Records.Values.OrderBy(r => r.Modified).Take(limit)], 26);

        var handedOn = await ReadAsync();

        Assert.Equal(issues, handedOn.Issues.Count);
        Assert.Equal(issues == 1, handedOn.Ends[^1].ReadingResult.IsUnconstrained);
        Assert.Equal(issues == 1 ? 0 : 35, handedOn.Rows);
    }

    [Fact]
    public async Task An_order_other_than_the_one_asked_for_is_an_issue()
    {
        Fill(35);
        _type.Lie = (_, _, _, answer) => new FakeAnswer([.. answer.Rows.Reverse()], answer.Remaining);

        var handedOn = await ReadAsync();

        Assert.Contains("in another order than by Modified Date", handedOn.Issues[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_any_count_everything_is_read_and_said_to_be_an_issue()
    {
        Fill(35);
        foreach (var number in Enumerable.Range(0, 12))
            _type.Put($"{number}x1", 1010);
        _type.Lie = (_, _, _, answer) => answer with { Remaining = null };

        var handedOn = await ReadAsync();

        Assert.NotEmpty(handedOn.Issues);
        Assert.Equal(47, handedOn.Versions.Count);
    }

    private void Fill(int records)
    {
        foreach (var number in Enumerable.Range(0, records))
            _type.Put($"{number}x0", 1000 + number);
    }

    private void Before(int request, Action change) => _type.Before = () =>
    {
        if (_type.Requests == request)
            change();
    };

    private void Lie(int request, Func<FakeAnswer, FakeAnswer> lie) => _type.Lie = (_, _, _, answer) => _type.Requests == request ? lie(answer) : answer;

    private static Window Range(long from, long? to) => new(WindowKind.Modified, FakeType.At(from), to is { } end ? FakeType.At(end) : null);

    private KeysetReader Reader() => new(_type.Source, new BubbleSettings { PageSize = PageSize }, new ReadingOrder(TimeProvider.System));

    private Task<HandedOn> ReadAsync() =>
        HandedOn.OfAsync(Reader().ReadAsync(Range(1000, null), FakeType.At(2500), CancellationToken.None, CancellationToken.None));
}
