using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>A long wait that Bubble asks for shows, whatever the command.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class WaitNoticeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_wait_of_more_than_ten_seconds_is_said_once_on_stderr()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 5, Faults = ["429=1x"], RetryAfterSeconds = 11 });

        var outcome = await Bubblesync.RunAsync(fixture, "plan", "--output", "json");

        Assert.Equal(0, outcome.Code);
        var said = Assert.Single(outcome.Error.Split('\n'), line => line.Contains("asks to wait", StringComparison.Ordinal));
        Assert.StartsWith($"Bubble ({fixture.Bubble.BaseUrl.Authority}) asks to wait 11 s, until ", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_that_is_longer_than_patience_ends_with_3_and_its_time()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 5, Faults = ["429=100"], RetryAfterSeconds = 3600 });

        var outcome = await Bubblesync.RunAsync(fixture, "resync", "--output", "json");

        Assert.Equal((3, "failed"), (outcome.Code, outcome.Json.GetProperty("status").GetString()));
        Assert.Contains("asks to wait 3600 s, until ", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("To finish, resume the run after ", outcome.Output, StringComparison.Ordinal);
    }
}
