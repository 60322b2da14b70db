using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Sync;

/// <summary>Bubble's database was restored from a backup: records are older there than here, and Bubble sends nothing that tells so.</summary>
public sealed class RestoredSourceTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Before = "2026-02-03T00:00:00.000Z";
    private const string Edited = "2026-02-05T00:00:00.000Z";
    private const string Newest = "2026-02-07T00:00:00.000Z";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_record_that_became_older_is_found_whenever_it_was_modified(bool isRecent)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        Put(fixture, SyncFixture.Record(1, isRecent ? Text(TimeProvider.System.GetUtcNow().AddSeconds(-30)) : Edited));
        await fixture.ResyncAsync("agent");
        Put(fixture, SyncFixture.Record(1, Before));

        var report = await IncrementalAsync(fixture);
        await IncrementalAsync(fixture);
        var third = await IncrementalAsync(fixture);

        AssertOlder(report, "1 record is");
        AssertOlder(third, "1 record is");
        // A resync leaves the row, so it must not call all well either.
        AssertOlder(await fixture.ResyncAsync("agent"), "1 record is");
        // One that compares nothing does not take back what the others found.
        var blind = await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"], Prune = PruneMode.None }, null, fixture.Limit);
        var status = await fixture.Engine().StatusAsync(new StatusOptions { Entities = ["agent"], Offline = true }, fixture.Limit);
        Assert.Equal((RunStatus.Succeeded, StatusLight.Act), (blind.Status, status.Light));
        var next = Assert.Single(report.NextActions, a => a.Kind == NextActionKind.ForceResync);
        var forced = await fixture.ResyncAsync(new ResyncOptions { Entities = next.Entities, Force = true });
        Assert.Equal((RunStatus.Succeeded, 1L), (forced.Status, forced.Entities[0].Updated));
        Assert.Equal(RunStatus.Succeeded, (await IncrementalAsync(fixture)).Status);
    }

    [Fact]
    public async Task Edits_after_the_restore_do_not_hide_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        Put(fixture, SyncFixture.Record(1, Edited), SyncFixture.Record(2, Before));
        await fixture.ResyncAsync("agent");
        await IncrementalAsync(fixture);
        Put(fixture, SyncFixture.Record(1, Before), SyncFixture.Record(2, Text(TimeProvider.System.GetUtcNow())));

        AssertOlder(await IncrementalAsync(fixture), "1 record is");
    }

    [Fact]
    public async Task An_edit_that_an_incremental_sync_read_becomes_the_newest()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        Put(fixture, SyncFixture.Record(1, Before), SyncFixture.Record(2, Edited));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("update bubblesync.run set started_at = '2026-02-06', upper_bound = '2026-02-06'");
        Put(fixture, SyncFixture.Record(1, Newest));
        await IncrementalAsync(fixture);
        Put(fixture, SyncFixture.Record(1, Before));

        AssertOlder(await IncrementalAsync(fixture), "1 record is");
    }

    [Fact]
    public async Task A_backup_that_lacks_the_newest_record_has_older_versions_of_others()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        Put(fixture, [.. Enumerable.Range(1, 20).Select(n => SyncFixture.Record(n, n > 17 ? Edited : Before)), SyncFixture.Record(21, Newest)]);
        await fixture.ResyncAsync("agent");
        Put(fixture, [.. Enumerable.Range(18, 3).Select(n => SyncFixture.Record(n, Before))]);
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(21));

        AssertOlder(await IncrementalAsync(fixture), "3 records are");
    }

    [Fact]
    public async Task Where_nothing_changed_it_costs_no_call_and_no_record_and_where_something_did_one_call()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        Put(fixture, SyncFixture.Record(1, Edited), SyncFixture.Record(2, Before));
        await fixture.ResyncAsync("agent");
        fixture.Bubble.Traffic.Reset();

        var quiet = await IncrementalAsync(fixture);
        var calls = fixture.Bubble.Traffic.Requests;
        Put(fixture, SyncFixture.Record(2, Text(TimeProvider.System.GetUtcNow())));
        var busy = await IncrementalAsync(fixture);

        Assert.Equal((RunStatus.Succeeded, 0L, 4), (quiet.Status, quiet.Entities[0].Extracted, calls));
        Assert.Equal((RunStatus.Succeeded, 1L, calls + 1), (busy.Status, busy.Entities[0].Updated, fixture.Bubble.Traffic.Requests - calls));
    }

    private static void Put(SyncFixture fixture, params string[] records)
    {
        foreach (var record in records)
            fixture.Put("agent", record);
    }

    private static Task<RunReport> IncrementalAsync(SyncFixture fixture) =>
        fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, fixture.Limit);

    private static void AssertOlder(RunReport report, string count)
    {
        Assert.Equal(RunStatus.Partial, report.Status);
        var error = Assert.Single(report.Errors);
        Assert.Equal(ErrorCode.OlderInBubble, error.Code);
        Assert.Contains($"{count} older in Bubble than here", error.Message, StringComparison.Ordinal);
    }

    private static string Text(DateTimeOffset moment) => moment.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
