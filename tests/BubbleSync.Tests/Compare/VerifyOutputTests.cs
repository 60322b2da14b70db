using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary>What <c>verify</c> prints, and what the history keeps of it.</summary>
public sealed class VerifyOutputTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_part_is_called_a_part_and_not_unproved()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        await fixture.ResyncAsync("agent");

        var since = await Bubblesync.RunAsync(fixture, "verify", "--entity", "agent", "--since", "2026-01-01");
        var sample = await Bubblesync.RunAsync(fixture, "verify", "--entity", "agent", "--sample", "50%");

        var future = await Bubblesync.RunAsync(fixture, "verify", "--entity", "agent", "--since", "2099-01-01");

        Assert.DoesNotContain("not verified", since.All + sample.All, StringComparison.Ordinal);
        Assert.Contains("verify: all equal in a sample of 50%: ", sample.Output, StringComparison.Ordinal);
        Assert.Contains(
            "verify: nothing to compare in what was modified since 2099-01-01T00:00:00.000Z: 0 records compared", future.Output, StringComparison.Ordinal);
        Assert.Contains("only what was modified since 2026-01-01T00:00:00.000Z", since.Output, StringComparison.Ordinal);
        Assert.Contains("only a sample of 50%", sample.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Afterwards_the_list_of_runs_and_its_result_tell_what_it_found()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync($"delete from agent where bubble_id = '{SyncFixture.Id(1)}'");

        var verified = await Bubblesync.RunAsync(fixture, "verify", "--entity", "agent");
        var shown = await Bubblesync.RunAsync(fixture, "runs", "show", "last");
        var listed = await Bubblesync.RunAsync(fixture, "runs", "list");

        Assert.Contains("verify: 1 record differs: 2 records compared", verified.Output, StringComparison.Ordinal);
        Assert.Contains("next: bubblesync resync --entity agent   # loads what is missing", verified.Output, StringComparison.Ordinal);
        Assert.Contains("verify succeeded: 1 record differs: 2 records in", shown.Output, StringComparison.Ordinal);
        Assert.Contains("compared", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("inserted", shown.Output, StringComparison.Ordinal);
        Assert.Contains("succeeded: 1 record differs", listed.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("audit", "values", "--csv", "values.csv")]
    public async Task Errors_are_told_on_stderr(params string[] words)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.Bubble.DisposeAsync();

        string[] command = [.. words.Select(w => w == "values.csv" ? Path.Combine(fixture.Folder([]), w) : w), "--entity", "agent"];
        var outcome = await Bubblesync.RunAsync(fixture, [("Bubble__MaxAttempts", "1"), ("Bubble__PatienceSeconds", "0")], command);

        Assert.Equal(3, outcome.Code);
        Assert.Contains("error: agent: Bubble", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("error", outcome.Output, StringComparison.Ordinal);
    }
}
