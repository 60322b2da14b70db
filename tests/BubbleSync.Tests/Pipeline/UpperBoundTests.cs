using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace BubbleSync.Tests.Pipeline;

/// <summary>CONTRACT 5.14: of the program's, the database's and Bubble's clock the earliest counts.</summary>
public sealed class UpperBoundTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
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

    [Fact]
    public void Where_Bubble_shows_no_clock_the_other_two_count() =>
        Assert.Equal(new UpperBound(Now.AddSeconds(-5), null), UpperBound.Of(Now.AddSeconds(30), Now, null));

    [Theory]
    [InlineData(2, 0)]
    [InlineData(2, 2)]
    [InlineData(-2, 0)]
    [InlineData(0, -2)]
    public async Task No_clock_that_is_wrong_by_days_loses_a_record(int programDays, int bubbleDays)
    {
        var ahead = new ShiftedClock(TimeSpan.FromDays(programDays));
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Time = new ShiftedClock(TimeSpan.FromDays(bubbleDays)) });
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"a\""));
        fixture.Clock = ahead;
        var resync = await fixture.ResyncAsync("agent");
        var real = TimeProvider.System.GetUtcNow();
        var modified = real.AddDays(bubbleDays).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null);
        fixture.Put("agent", SyncFixture.Record(1, modified, "\"Name\": \"b\""));

        var incremental = await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, fixture.Limit);

        Assert.Equal("b", await fixture.ScalarAsync<string>("select name from agent"));
        Assert.All(
            [resync, incremental],
            run => Assert.Contains(run.Warnings, w => w.StartsWith("The clocks differ by more than a minute", StringComparison.Ordinal)));
        var earliest = real.AddDays(Math.Min(0, Math.Min(programDays, bubbleDays))).AddMinutes(1);
        Assert.True(await fixture.ScalarAsync<bool>($"select bool_and(upper_bound < '{earliest:O}'::timestamptz) from bubblesync.run"));
    }

    private sealed class ShiftedClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }
}
