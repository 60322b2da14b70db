using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Pipeline;

/// <summary>CONTRACT 5.14: no clock that is wrong loses a record.</summary>
public sealed class WrongClockTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData(2, 0)]
    [InlineData(2, 2)]
    [InlineData(-2, 0)]
    [InlineData(0, -2)]
    public async Task No_clock_that_is_wrong_by_days_loses_a_record(int programDays, int bubbleDays)
    {
        var ahead = new ShiftedClock(TimeSpan.FromDays(programDays));
        await using var fixture = await SyncFixture.OpenAsync(
            postgres, new SimulatorOptions { Invoices = 0, Time = new ShiftedClock(TimeSpan.FromDays(bubbleDays)) });
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
