using BubbleSync.Etl.Runs;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace BubbleSync.Tests.Pipeline;

/// <summary>CONTRACT 5.14: of the program's, the database's and Bubble's clock the earliest counts.</summary>
public sealed class UpperBoundTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_bound_lies_before_every_clock_and_close_to_the_earliest()
    {
        var seconds = Gen.Choose(-1_000_000_000, 1_000_000_000).Three();

        Check.One(FsCheck.Config.QuickThrowOnFailure, Prop.ForAll(seconds.ToArbitrary(), offsets =>
        {
            DateTimeOffset[] clocks = [Now.AddSeconds(offsets.Item1), Now.AddSeconds(offsets.Item2), Now.AddSeconds(offsets.Item3)];

            var bound = UpperBound.Of(clocks[0], clocks[1], clocks[2]);

            Assert.InRange(clocks.Min() - bound.At, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5.001));
            Assert.Equal(clocks.Max() - clocks.Min() > TimeSpan.FromMinutes(1), bound.Warning is not null);
        }));
    }

    [Theory]
    [InlineData(-3600, 0, 0, "this machine")]
    [InlineData(0, -61, 0, "PostgreSQL")]
    [InlineData(172_800, 172_800, 0, "Bubble")]
    public void Clocks_that_differ_are_named(int program, int database, int bubble, string earliest)
    {
        var warning = UpperBound.Of(Now.AddSeconds(program), Now.AddSeconds(database), Now.AddSeconds(bubble)).Warning;

        Assert.StartsWith("The clocks differ by more than a minute: this machine has ", warning, StringComparison.Ordinal);
        Assert.Contains($"The run uses the earliest, that of {earliest}, so that no record is lost.", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60_000, false)]
    [InlineData(60_001, true)]
    public void A_minute_between_the_clocks_is_no_warning(int milliseconds, bool isWarned) =>
        Assert.Equal(isWarned, UpperBound.Of(Now, Now.AddMilliseconds(milliseconds), null).Warning is not null);

    [Fact]
    public void The_bound_lies_on_a_whole_millisecond_at_or_before_the_margin() =>
        Assert.Equal(Now.AddSeconds(-5), UpperBound.Of(Now.AddTicks(9_999), Now.AddDays(1), Now.AddDays(1)).At);

    [Fact]
    public void Where_Bubble_shows_no_clock_the_other_two_count() =>
        Assert.Equal(new UpperBound(Now.AddSeconds(-5), null), UpperBound.Of(Now.AddSeconds(30), Now, null));
}
