using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary><c>runs log</c> and runs that are under way or ended unexpectedly.</summary>
public sealed class RunLogTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("runs", "log", "last", "--entity", "agnet")]
    [InlineData("runs", "log", "last", "--entity", "agnet", "--follow")]
    public async Task A_log_of_an_entity_that_the_run_did_not_have_is_refused_with_a_hint(params string[] words)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var run = await fixture.ResyncAsync("agent");

        var outcome = await Bubblesync.RunAsync(fixture, words);

        Assert.Equal((2, $"error: Run {run.RunId} had no entity 'agnet'. Did you mean 'agent'?"), (outcome.Code, outcome.Error.TrimEnd()));
    }

    [Fact]
    public async Task Following_a_log_ends_with_the_run_and_misses_no_line()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new BubbleSync.Simulator.SimulatorOptions { Invoices = 20 });
        var running = new TaskCompletionSource<Task<List<string>>>();
        fixture.Bubble.Traffic.OnRequest = _ =>
        {
            running.TrySetResult(FollowAsync(fixture));
            return Task.CompletedTask;
        };

        var run = await fixture.ResyncAsync();
        var followed = await await running.Task.WaitAsync(fixture.Limit);

        Assert.Equal(await fixture.RowsAsync($"select message from bubblesync.activity_log where run_id = '{run.RunId}' order by at, entity, "
            + "bubble_id, message"), followed);
        Assert.Contains(followed, line => line.StartsWith("agent: merged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_under_way_is_shown_without_a_pace_and_without_what_comes_next()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        var isReading = new TaskCompletionSource();
        var mayGoOn = new TaskCompletionSource();
        fixture.Bubble.Traffic.OnRequest = _ =>
        {
            isReading.TrySetResult();
            return mayGoOn.Task;
        };

        var run = fixture.ResyncAsync("agent");
        await isReading.Task.WaitAsync(fixture.Limit);
        var shown = await Bubblesync.RunAsync(fixture, "runs", "show", "last");
        mayGoOn.SetResult();
        await run;

        Assert.Contains("resync running, begun ", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("a second", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("next:", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_was_killed_is_called_dead_and_followed_to_its_last_line()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        var run = await fixture.ResyncAsync("agent");
        await fixture.UntilAsync($"select not exists (select from pg_stat_activity where application_name = 'bubblesync {run.RunId}')");
        await fixture.ExecuteAsync("update bubblesync.run set status = 'running', result = null, finished_at = null");

        var followed = await FollowAsync(fixture);
        var list = await Bubblesync.RunAsync(fixture, "runs", "list");
        var show = await Bubblesync.RunAsync(fixture, "runs", "show", "last");

        Assert.Contains(followed, line => line.StartsWith("agent: merged", StringComparison.Ordinal));
        Assert.Contains(" died ", list.Output, StringComparison.Ordinal);
        Assert.Contains(
            "warning: The run ended unexpectedly: it holds its lock in the database no more. To go on, resume it.", show.Output, StringComparison.Ordinal);
        Assert.Contains($"next: bubblesync resync --resume {$"{run.RunId}"[..13]}   # ", show.Output, StringComparison.Ordinal);
    }

    private static async Task<List<string>> FollowAsync(SyncFixture fixture)
    {
        await using var archive = await fixture.Engine().OpenArchiveAsync(fixture.Limit);
        var lines = new List<string>();
        await foreach (var line in await archive.FollowAsync("last", null, null, TimeProvider.System, fixture.Limit))
            lines.Add(line.Message);
        return lines;
    }
}
