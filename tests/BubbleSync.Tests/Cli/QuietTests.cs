using BubbleSync.Simulator;
using BubbleSync.Tests.EmbeddedPostgres;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary><c>--quiet</c> and <c>--verbose</c>: less and more on stderr; stdout is the same.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class QuietTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_quiet_demo_says_nothing_but_its_result()
    {
        var folder = Directory.CreateTempSubdirectory("bubblesync-quiet-").FullName;

        var outcome = await ChildProcess.BubblesyncAsync(folder, ["demo", "--invoices", "5", "--quiet"], ("BUBBLESYNC_HOME", folder));
        ClusterFolder.Delete(folder);

        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Contains("resync succeeded: ", outcome.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "values")]
    [InlineData(true, "")]
    public async Task What_is_told_beside_rows_on_stdout_is_no_error(bool isQuiet, string told)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 1 });

        var outcome = await Bubblesync.RunAsync(fixture, ["audit", "values", "--entity", "agent", .. isQuiet ? ["--quiet"] : Array.Empty<string>()]);

        Assert.Equal(0, outcome.Code);
        Assert.StartsWith("entity,bubble_id,", outcome.Output, StringComparison.Ordinal);
        Assert.Equal(told.Length > 0, outcome.Error.Contains("row-missing", StringComparison.Ordinal));
        Assert.True(!isQuiet || outcome.Error.Length == 0, outcome.Error);
    }

    [Fact]
    public async Task Many_rejected_records_hide_no_other_error()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 20))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, "\"Commission\": \"twelve\""));
        await fixture.ExecuteAsync("alter table agent drop column deleted_in_bubble_at");

        var outcome = await Bubblesync.RunAsync(fixture, "resync", "--entity", "agent", "--prune", "soft", "--quiet");

        Assert.StartsWith("error: agent: nothing was pruned: ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("and 11 more", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_quiet_command_still_tells_its_errors()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(fixture, [("Bubble__ApiToken", "wrong")], "verify", "--quiet");

        Assert.Equal(3, outcome.Code);
        Assert.StartsWith("error: ", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("resync")]
    [InlineData("resync", "--verbose")]
    [InlineData("sync", "incremental", "--verbose")]
    [InlineData("verify", "--verbose")]
    public async Task Only_with_verbose_an_error_tells_where_it_came_from(params string[] words)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ResyncAsync();
        await fixture.MoveAsync(new Uri("http://127.0.0.1:9/api/1.1/"));

        var outcome = await Bubblesync.RunAsync(fixture, [("Bubble__BaseUrl", "http://127.0.0.1:9/api/1.1"), ("Bubble__MaxAttempts", "1")], words);

        Assert.Equal(3, outcome.Code);
        Assert.Equal(words[^1] == "--verbose", outcome.Error.Contains("System.Net.Sockets.SocketException\n   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_verbose_an_error_that_nothing_is_behind_tells_where_it_came_from_too()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(fixture, "runs", "show", "no-such-run", "--verbose");

        Assert.Equal(2, outcome.Code);
        Assert.StartsWith("BubbleSync.Etl.SyncException\n   at ", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_nobody_expected_ends_with_3_and_in_one_line_unless_more_is_asked_for(bool isVerbose)
    {
        // A folder without a name: nobody checks for that, and if somebody does, take another slip here.
        var outcome = await ChildProcess.BubblesyncAsync(Path.GetTempPath(), ["demo", "--csv", "", .. isVerbose ? ["--verbose"] : Array.Empty<string>()]);

        Assert.Equal(3, outcome.Code);
        Assert.Contains("error: ArgumentException: ", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(isVerbose, outcome.Error.Contains("\n   at ", StringComparison.Ordinal));
    }
}
