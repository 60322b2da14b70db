using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.CountedAgents;

namespace BubbleSync.Tests.Sync;

/// <summary><c>verify --counts</c>: the counts of both sides are compared, and only where they differ are records read.</summary>
public sealed class VerifyCountsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Where_nothing_changed_a_type_costs_three_calls_at_most()
    {
        await using var fixture = await SyncedAsync(postgres, 250);
        fixture.Bubble.Traffic.Reset();

        var report = await VerifyAsync(fixture);

        Assert.True(report.Success);
        Assert.Equal((250L, 250L, 0L), (report.Entities[0].Compared, report.Entities[0].Equal, report.Entities[0].Extra));
        Assert.InRange(fixture.Bubble.Traffic.Requests, 1, 3);
    }

    [Fact]
    public async Task What_only_one_side_has_is_named_and_the_table_stays_as_it_is()
    {
        await using var fixture = await SyncedAsync(postgres, 60);
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(7));
        await fixture.ExecuteAsync($"delete from agent where bubble_id in ('{SyncFixture.Id(3)}', '{SyncFixture.Id(44)}')");
        var before = await fixture.EndStateAsync();

        var report = await VerifyAsync(fixture);

        Assert.False(report.Success);
        Assert.Equal(
            [(SyncFixture.Id(3), DifferenceVerdict.Missing), (SyncFixture.Id(44), DifferenceVerdict.Missing), (SyncFixture.Id(7), DifferenceVerdict.Extra)],
            report.Differences.Select(d => (d.BubbleId, d.Verdict)).OrderByDescending(d => d.Verdict == DifferenceVerdict.Missing).ThenBy(d => d.BubbleId));
        Assert.Equal((59L, 57L, 2L, 1L), (report.Entities[0].Compared, report.Entities[0].Equal, report.Entities[0].Missing, report.Entities[0].Extra));
        Assert.Equal(before, await fixture.EndStateAsync());
        var next = Assert.Single(report.NextActions);
        Assert.Equal((NextActionKind.SyncIncremental, "agent"), (next.Kind, Assert.Single(next.Entities)));

        Assert.Equal(RunStatus.Succeeded, (await IncrementalAsync(fixture, PruneMode.Soft)).Status);
        Assert.True((await VerifyAsync(fixture)).Success);
    }

    [Fact]
    public async Task As_many_deletions_on_both_sides_do_not_hide_each_other()
    {
        await using var fixture = await SyncedAsync(postgres, 60);
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(7));
        await fixture.ExecuteAsync($"delete from agent where bubble_id = '{SyncFixture.Id(9)}'");

        var report = await VerifyAsync(fixture);

        Assert.Equal((1L, 1L), (report.Entities[0].Missing, report.Entities[0].Extra));
    }

    [Fact]
    public async Task What_an_earlier_sync_found_gone_or_rejected_is_a_difference_still()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 20))
            fixture.Put("agent", Record(number, number == 5 ? ", \"Commission\": \"much\"" : "", isOld: true));
        await fixture.ResyncAsync("agent");
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(7));
        await IncrementalAsync(fixture, PruneMode.Report);

        var report = await VerifyAsync(fixture);

        Assert.False(report.Success);
        Assert.Equal(
            [(SyncFixture.Id(5), DifferenceVerdict.Rejected, "Commission"), (SyncFixture.Id(7), DifferenceVerdict.Extra, "")],
            report.Differences.Select(d => (d.BubbleId, d.Verdict, d.BubbleField)).OrderBy(d => d.BubbleId));
    }

    [Fact]
    public async Task It_goes_with_no_part_and_no_values()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        VerifyOptions[] wrong =
        [
            new() { ByCounts = true, Strict = true }, new() { ByCounts = true, Since = DateTimeOffset.UnixEpoch },
            new() { ByCounts = true, Sample = new Limit(1, IsPercent: false) },
        ];

        foreach (var options in wrong)
        {
            var refusal = await Assert.ThrowsAsync<SyncException>(() => fixture.Engine().VerifyAsync(options, null, fixture.Limit));
            Assert.Equal((ErrorCode.Usage, "ByCounts"), (refusal.Errors[0].Code, refusal.Errors[0].Field));
        }
    }

    [Fact]
    public async Task The_command_line_says_what_was_compared_and_what_to_do()
    {
        await using var fixture = await SyncedAsync(postgres, 20);
        var equal = await Bubblesync.RunAsync(fixture, "verify", "--counts", "--entity", "agent");
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(7));
        var unequal = await Bubblesync.RunAsync(fixture, "verify", "--counts", "--entity", "agent");

        Assert.Equal((0, 1), (equal.Code, unequal.Code));
        Assert.Contains("as many records on both sides; values are not compared: 20 records counted", equal.Output, StringComparison.Ordinal);
        Assert.Contains($"extra: agent {SyncFixture.Id(7)}", unequal.Output, StringComparison.Ordinal);
        Assert.Contains("next: bubblesync sync incremental --entity agent --prune soft", unequal.Output, StringComparison.Ordinal);
    }

    private static Task<VerifyReport> VerifyAsync(SyncFixture fixture) =>
        fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"], ByCounts = true }, null, fixture.Limit);
}
