using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Messages;
using Xunit;

namespace BubbleSync.Tests.Extract;

/// <summary>What counts of several readings of one window.</summary>
public sealed class ExtractLogTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Window Day = new(WindowKind.Created, Start, Start.AddDays(1));

    private readonly ExtractLog _log = new();

    [Fact]
    public void A_window_that_is_read_again_counts_with_its_last_reading()
    {
        _log.Add(Day, Read(Outcome.Unverified, 3));
        _log.Add(Day, Read(Outcome.Verified, 4));

        Assert.Equal(4, Assert.Single(_log.Accepted).ReadingResult.RowsRead);
        Assert.Empty(_log.Issues);
    }

    [Fact]
    public void A_reading_that_is_thrown_away_counts_only_as_one_more()
    {
        _log.Add(Day, Read(Outcome.Discarded, 3));

        Assert.Equal((0, 1), (_log.Accepted.Count, _log.Rereads));
        Assert.Empty(_log.Issues);
    }

    private static ReadingResult Read(Outcome outcome, long rows) => new(outcome, rows, rows, rows, outcome == Outcome.Verified ? null : "short");
}
