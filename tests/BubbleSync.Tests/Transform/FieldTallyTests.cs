using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Transform;
using Xunit;

namespace BubbleSync.Tests.Transform;

/// <summary>Of readings of the same records one is counted.</summary>
public sealed class FieldTallyTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Window Created = new(WindowKind.Created, Start, Start.AddDays(1));
    private static readonly Window Changes = new(WindowKind.Modified, Start.AddDays(1), null);

    private readonly FieldTally _tally = new();
    private readonly KnownName _name = new("Name", 1, [], UnmappedRule.Never);

    [Fact]
    public void A_reading_that_is_thrown_away_is_not_counted()
    {
        Read(Created, 5, Outcome.Discarded);
        Read(Created, 3, Outcome.Verified);

        Assert.Equal(3, _tally.Present[_name]);
    }

    [Fact]
    public void A_window_that_is_read_again_is_counted_once()
    {
        Read(Created, 5, Outcome.Verified);
        Read(Created, 5, Outcome.Verified);

        Assert.Equal(5, _tally.Present[_name]);
    }

    [Fact]
    public void Windows_side_by_side_are_counted_each()
    {
        Read(Created, 5, Outcome.Verified);
        Read(new Window(WindowKind.Undated, null, null), 2, Outcome.Unverified);

        Assert.Equal(7, _tally.Present[_name]);
    }

    [Fact]
    public void Changes_repeat_what_the_windows_held_unless_nothing_but_changes_is_read()
    {
        Read(Changes, 4, Outcome.Verified);
        var alone = _tally.Present[_name];
        Read(Created, 5, Outcome.Verified);
        Read(Changes with { From = Start.AddDays(2) }, 4, Outcome.Verified);

        Assert.Equal((4, 9), (alone, _tally.Present[_name]));
    }

    [Fact]
    public void The_end_of_a_reading_may_overtake_its_pages()
    {
        var reading = new WindowReading(Created, 1);
        _tally.End(End(reading, 2, Outcome.Verified));
        _tally.Add(reading, Page(1));
        Assert.Empty(_tally.Present);

        _tally.Add(reading, Page(2));
        Assert.Equal(3, _tally.Present[_name]);
    }

    private void Read(Window window, int records, Outcome outcome)
    {
        var reading = new WindowReading(window, 1);
        _tally.Add(reading, Page(records));
        _tally.End(End(reading, 1, outcome));
    }

    private PageTally Page(int records)
    {
        var page = new PageTally();
        for (var record = 0; record < records; record++)
            page.Count(_name);
        return page;
    }

    private static ReadingEnded End(WindowReading reading, int pages, Outcome outcome) => new(reading, pages, new ReadingResult(outcome, null, 0, null, null));
}
