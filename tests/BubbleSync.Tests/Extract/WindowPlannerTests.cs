using BubbleSync.Etl;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Extract;

/// <summary>How a history is cut into windows, and what becomes of answers that are not true.</summary>
public sealed class WindowPlannerTests
{
    private const int End = 10_000;
    private const int WindowSize = 20;
    private const int PageSize = 5;

    private readonly FakeType _type = new();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(20, 1)]
    [InlineData(21, 2)]
    [InlineData(100, 5)]
    public async Task Windows_follow_each_other_to_the_bound_and_none_holds_more_than_its_size(int records, int expected)
    {
        Fill(records);

        var windows = await PlanAsync();

        Assert.Equal(expected, windows.Count);
        Assert.Equal((FakeType.At(1000), FakeType.At(End)), (windows[0].From, windows[^1].To));
        Assert.All(windows.Zip(windows.Skip(1)), pair => Assert.Equal(pair.First.To, pair.Second.From));
        Assert.All(windows, w => Assert.InRange(Count(w), 1, WindowSize));
    }

    [Theory]
    [InlineData(WindowSize, 0)]
    [InlineData(5 * WindowSize, 5)]
    public async Task A_window_costs_one_call_and_one_that_holds_the_whole_type_none(int records, int calls)
    {
        Fill(records);

        await PlanAsync();

        // After the count of the whole type.
        Assert.Equal(1 + calls, _type.Requests);
    }

    [Fact]
    public async Task A_type_without_records_and_one_whose_records_are_younger_than_the_bound_have_no_window()
    {
        Assert.Empty(await PlanAsync());
        _type.Put("1x1", End, End);

        Assert.Empty(await PlanAsync());
    }

    [Fact]
    public async Task Where_a_record_without_Created_Date_comes_first_the_oldest_dated_one_is_asked_for()
    {
        Fill(3);

        var windows = await PlanAsync(new Probe(true, null, 4, 3));

        Assert.Equal(FakeType.At(1000), Assert.Single(windows).From);
    }

    [Fact]
    public async Task A_millisecond_with_more_records_than_a_window_becomes_a_window_of_its_own()
    {
        Fill(5);
        foreach (var number in Enumerable.Range(0, 2 * WindowSize))
            _type.Put($"{number}x1", End, 1500);
        _type.Put("last", End, 1501);

        var windows = await PlanAsync();

        Assert.Equal([1000, 1500, 1501], windows.Select(w => FakeType.Of(w.From!.Value)));
    }

    [Fact]
    public async Task Only_what_lies_between_windows_that_are_verified_is_planned_again()
    {
        Fill(50);
        Window[] done = [Created(1030, 1040), Created(1010, 1020)];

        var windows = await PlanAsync(done: done);

        Assert.Equal([(1000, 1010), (1020, 1030), (1040, End)], windows.Select(w => (At(w.From), At(w.To))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_answer_that_contradicts_the_request_changes_no_window(bool isEmpty)
    {
        Fill(100);
        var truth = await PlanAsync();
        var liar = _type.Requests + 3;
        _type.Lie = (_, _, _, answer) => _type.Requests != liar ? answer
            : isEmpty ? new FakeAnswer([], 0) : answer with { Rows = [answer.Rows[0] with { Created = 1 }] };

        Assert.Equal(truth, await PlanAsync());
    }

    [Fact]
    public async Task A_constraint_that_is_never_applied_stops_the_planning_and_names_the_token()
    {
        Fill(100);
        _type.Lie = (window, _, _, answer) => window is null ? answer : answer with { Rows = [answer.Rows[0] with { Created = 1 }] };

        var failure = await Assert.ThrowsAsync<SyncException>(() => PlanAsync());

        Assert.Equal(ErrorCode.ConstraintIgnored, failure.Errors[0].Code);
        Assert.Contains("admin token", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10, 10)]
    [InlineData(7, 5)]
    public async Task Where_Bubble_shows_no_row_so_far_down_windows_are_smaller(int ceiling, int size)
    {
        Fill(60);
        _type.Lie = (window, cursor, _, answer) => window is null || cursor <= ceiling ? answer : new FakeAnswer([], answer.Remaining + 1);

        var windows = await PlanAsync();

        Assert.All(windows, w => Assert.InRange(Count(w), 1, size));
        Assert.Equal(60, windows.Sum(Count));
    }

    [Fact]
    public async Task A_ceiling_below_a_page_stops_the_planning_and_names_the_settings()
    {
        Fill(60);
        _type.Lie = (window, cursor, _, answer) => window is null || cursor < 3 ? answer : new FakeAnswer([], answer.Remaining + 1);

        var failure = await Assert.ThrowsAsync<SyncException>(() => PlanAsync());

        Assert.Equal(ErrorCode.OffsetCeiling, failure.Errors[0].Code);
        Assert.Contains("Lower Bubble:WindowSize and Bubble:PageSize", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_is_not_true_shows_no_ceiling_where_a_count_has_promised_too_much()
    {
        Fill(8);
        // Counts of the whole type have records without Created Date, which no window has.
        var whole = new Probe(HasRow: true, FakeType.At(1000), 2 * WindowSize, (2 * WindowSize) - 1);
        _type.Lie = (_, _, _, answer) => _type.Requests == 2 ? new FakeAnswer([], 5) : answer;

        var windows = await PlanAsync(whole);

        Assert.Equal((FakeType.At(1000), FakeType.At(End)), (Assert.Single(windows).From, windows[0].To));
    }

    private static int At(DateTimeOffset? moment) => (int)FakeType.Of(moment!.Value);

    private static Window Created(int from, int to) => new(WindowKind.Created, FakeType.At(from), FakeType.At(to));

    private int Count(Window window) =>
        _type.Records.Values.Count(r => FakeType.At(r.Created!.Value) >= window.From && FakeType.At(r.Created.Value) < window.To);

    // One record each millisecond.
    private void Fill(int records)
    {
        foreach (var number in Enumerable.Range(0, records))
            _type.Put($"{number}x0", End, 1000 + number);
    }

    private async Task<List<Window>> PlanAsync(Probe? whole = null, params Window[] done)
    {
        whole ??= await _type.Source.ProbeAsync(null, 0, CancellationToken.None);
        var planner = new WindowPlanner(_type.Source, new BubbleSettings { PageSize = PageSize, WindowSize = WindowSize });
        return await planner.PlanAsync(whole, FakeType.At(End), done, CancellationToken.None).ToListAsync();
    }
}
