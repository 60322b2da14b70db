using BubbleSync.Etl;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Extract;

/// <summary>What is still to be read after the windows, by the counts of the whole type and of its windows.</summary>
public sealed class ReconciliationTests
{
    private const int End = 2000;

    private static readonly Window Early = new(WindowKind.Created, FakeType.At(1000), FakeType.At(1500));
    private static readonly Window Late = new(WindowKind.Created, FakeType.At(1500), FakeType.At(End));
    private static readonly Window Since = new(WindowKind.Created, FakeType.At(End), null);
    private static readonly Window Undated = new(WindowKind.Undated, null, null);

    private readonly FakeType _type = new();
    private readonly ExtractLog _log = new() { CountedBefore = 4 };

    public ReconciliationTests()
    {
        foreach (var created in new[] { 1000, 1100, 1500, 1600 })
            _type.Put($"{created}x1", End, created);
    }

    [Fact]
    public async Task Nothing_is_left_where_the_counts_before_and_after_are_what_was_read()
    {
        Read(Early, 2);
        Read(Late, 2);

        Assert.Empty(await NextAsync());

        Assert.Equal(1, _type.Requests);
        Assert.Empty(_log.Issues);
    }

    [Fact]
    public async Task A_part_that_no_window_covered_is_read()
    {
        Read(Early, 2);

        Assert.Equal([Late], await NextAsync());
    }

    [Fact]
    public async Task A_window_of_which_Bubble_counts_more_than_came_is_read_once_more_and_is_then_an_issue()
    {
        Read(Early, 1);
        Read(Late, 2);
        var reconciliation = Reconciliation();

        var first = await reconciliation.NextAsync(CancellationToken.None);
        var second = await reconciliation.NextAsync(CancellationToken.None);

        Assert.Equal([Early], first);
        Assert.Empty(second);
        Assert.Contains("1 records came of 2 that Bubble counts", Assert.Single(_log.Issues).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Records_without_Created_Date_and_those_since_the_bound_are_read_where_there_are_any()
    {
        Read(Early, 2);
        Read(Late, 2);
        _type.Records["1x2"] = new FakeRecord("1x2", null, End, 0);
        _type.Put("1x3", End, End);

        Assert.Equal([Undated, Since], await NextAsync());
    }

    [Fact]
    public async Task What_is_created_while_the_records_since_the_bound_are_read_is_left_to_the_next_run()
    {
        Read(Early, 2);
        Read(Late, 2);
        _type.Put("1x3", End, End);
        var reconciliation = Reconciliation();
        Assert.Equal([Since], await reconciliation.NextAsync(CancellationToken.None));
        Read(Since, 1);
        _type.Put("1x4", End + 1, End + 1);

        Assert.Empty(await reconciliation.NextAsync(CancellationToken.None));
        Assert.Empty(_log.Issues);
    }

    [Fact]
    public async Task Counts_that_contradict_each_other_in_the_same_way_again_are_an_issue()
    {
        Read(Early, 2);
        Read(Late, 2);
        _type.Lie = (window, _, _, answer) => window is null ? answer with { Remaining = 9 } : answer;

        Assert.Empty(await NextAsync());
        Assert.StartsWith("Bubble's counts contradict each other: 4 records before and 10 after", Assert.Single(_log.Issues).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_count_of_the_whole_there_is_an_issue_and_nothing_is_compared()
    {
        Read(Early, 2);
        _type.Lie = (_, _, _, answer) => answer with { Remaining = null };

        Assert.Empty(await NextAsync());
        Assert.Equal(("Bubble's answers do not say how many records there are", 1), (Assert.Single(_log.Issues).Message, _type.Requests));
    }

    [Fact]
    public async Task A_search_for_records_without_Created_Date_that_is_refused_is_an_issue_and_stops_nothing()
    {
        Read(Early, 2);
        _type.Lie = (window, _, _, answer) => window == Undated
            ? throw new SyncException(new SyncError(SyncStage.Extract, "thing", null, null, ErrorCode.SourceRefused, "no such search"))
            : answer;

        Assert.Equal([Late], await NextAsync());
        Assert.Equal("records without Created Date cannot be asked for: no such search", Assert.Single(_log.Issues).Message);
    }

    [Theory]
    [InlineData(3, 4, true)]
    [InlineData(4, 3, true)]
    [InlineData(4, 4, true)]
    [InlineData(5, 5, false)]
    [InlineData(3, 3, false)]
    public void Windows_agree_with_the_whole_where_their_sum_lies_between_its_two_counts(long before, long after, bool agree)
    {
        var counts = new WindowCounts(before, new Dictionary<Window, long> { [Early] = 2, [Late] = 2 }, after);

        Assert.Equal((agree, before > 4 && after > 4, before != after), (counts.Agree, counts.IsSumTooSmall, counts.Moved));
    }

    private void Read(Window window, long rows) => _log.Add(window, new ReadingResult(Outcome.Verified, rows, rows, rows, null));

    private Reconciliation Reconciliation() =>
        new(_type.Source, new WindowPlanner(_type.Source, new BubbleSettings { PageSize = 5, WindowSize = 10 }), _log, FakeType.At(End));

    private Task<IReadOnlyList<Window>> NextAsync() => Reconciliation().NextAsync(CancellationToken.None);
}
