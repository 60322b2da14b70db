using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>Commands that the program tells to type find what this command found.</summary>
public sealed class PrintedCommandTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Options_are_repeated_as_they_were_given_and_a_connection_never()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var config = Path.Combine(Repository.Root, "config", "bubblesync.json");
        string[] where = ["--config", config, "--schema", "lv", "--connection", fixture.Connection];
        await Bubblesync.RunAsync(fixture, ["schema", "apply", .. where]);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": \"twelve\""));

        var run = await Bubblesync.RunAsync(fixture, ["resync", "--entity", "agent", .. where]);
        var json = await Bubblesync.RunAsync(fixture, ["resync", "--entity", "agent", "--output", "json", .. where]);

        var next = run.Output.Split('\n').Single(l => l.StartsWith("next: bubblesync runs rejected ", StringComparison.Ordinal));
        Assert.Contains($" --config {config} --schema lv   #", next, StringComparison.Ordinal);
        Assert.DoesNotContain("--connection", run.All, StringComparison.Ordinal);
        Assert.DoesNotContain("--config", json.Output, StringComparison.Ordinal);
        var typed = await Bubblesync.RunAsync(fixture, next.Split("   #")[0]["next: bubblesync ".Length..].Split(' '));
        Assert.Contains("'Commission'", typed.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("audit", "schema", "--write-maps")]
    [InlineData("scaffold", "--all")]
    public async Task Maps_that_come_with_the_program_are_not_written(params string[] words)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var own = Path.Combine(Path.GetDirectoryName(TestedProgram.Path)!, "config", "bubblesync.json");

        var outcome = await Bubblesync.RunAsync(fixture, [("CONFIG", own)], words);

        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains("name its settings file with --config FILE", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }
}
