using System.Globalization;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>CONTRACT 5.5: reprocessing never loads what is older than the last that any run saw of a record.</summary>
public sealed class ReprocessTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Bad = "\"Commission\": \"many\"";

    [Fact]
    public async Task A_record_that_a_later_run_rejected_in_a_newer_version_is_left_out()
    {
        await using var fixture = await RejectedAsync();
        var first = await LastRunAsync(fixture);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Commission\": \"more\""));
        await fixture.ResyncAsync("agent");
        var newer = await LastRunAsync(fixture);
        await AllowTextAsync(fixture);

        var outdated = await ReprocessAsync(fixture, first);
        var second = await ReprocessAsync(fixture, newer);

        Assert.Equal((RunStatus.Succeeded, 0L), (outdated.Status, outdated.Entities[0].Extracted));
        Assert.Contains(outdated.Warnings, w => w.StartsWith("1 of the records that run", StringComparison.Ordinal));
        Assert.Equal((RunStatus.Succeeded, 1L), (second.Status, second.Entities[0].Inserted));
        Assert.Equal("more", await fixture.ScalarAsync<string>("select commission from agent"));
        // Nothing is open any more, for status and reports alike.
        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from bubblesync.rejected_record where superseded_by is null"));
    }

    [Fact]
    public async Task A_record_that_a_verified_run_found_gone_is_not_inserted_again()
    {
        await using var fixture = await RejectedAsync();
        var first = await LastRunAsync(fixture);
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early));
        await fixture.ResyncAsync("agent");
        await AllowTextAsync(fixture);

        await ReprocessAsync(fixture, first);

        Assert.Equal([SyncFixture.Id(2)], await fixture.RowsAsync("select bubble_id from agent"));
    }

    [Fact]
    public async Task A_mark_of_deletion_stays()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        for (var number = 1; number <= 6; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, Bad));
        await fixture.ResyncAsync("agent");
        var rejecting = await LastRunAsync(fixture);
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));
        await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Soft });
        await AllowTextAsync(fixture);

        await ReprocessAsync(fixture, rejecting);

        Assert.Equal([SyncFixture.Id(1)], await fixture.RowsAsync("select bubble_id from agent where deleted_in_bubble_at is not null"));
    }

    [Fact]
    public async Task Records_that_no_later_run_knows_better_are_loaded_and_the_others_are_counted()
    {
        await using var fixture = await RejectedAsync(1, 2);
        var first = await LastRunAsync(fixture);
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        fixture.Put("agent", SyncFixture.Record(1, now, "\"Name\": \"good\""));
        await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, fixture.Limit);
        await AllowTextAsync(fixture);

        var report = await ReprocessAsync(fixture, first);

        Assert.Equal((RunStatus.Succeeded, 1L), (report.Status, report.Entities[0].Inserted));
        Assert.Contains(report.Warnings, w => w.StartsWith("1 of the records that run", StringComparison.Ordinal));
        Assert.Equal(["good|~", "~|many"], await fixture.RowsAsync("select name, commission from agent order by bubble_id"));
    }

    [Fact]
    public async Task An_entity_without_a_map_blocks_only_itself()
    {
        await using var fixture = await RejectedAsync();
        fixture.Put("Customer_Profile", SyncFixture.Record(5, "no date"));
        await fixture.ResyncAsync("agent", "customer");
        await AllowTextAsync(fixture);
        File.Delete(Path.Combine(fixture.Settings.Run.Entities, "customer.json"));

        var report = await ReprocessAsync(fixture, "last");

        Assert.Equal((RunStatus.Partial, ErrorCode.EntityGone, 1L), (report.Status, report.Errors[0].Code, report.Entities.Single().Inserted));
    }

    [Fact]
    public async Task Records_that_are_no_longer_kept_are_not_called_none()
    {
        await using var fixture = await RejectedAsync();
        await fixture.ExecuteAsync("delete from bubblesync.rejected_record");

        var failure = await Assert.ThrowsAsync<SyncException>(() => ReprocessAsync(fixture, "last"));

        Assert.Contains("no longer kept (Run:KeepDays): 1.", failure.Message, StringComparison.Ordinal);
        Assert.Equal(NextActionKind.ResyncEntities, failure.Errors[0].Next?.Kind);
        await using var archive = await RunArchive.OpenAsync(fixture.Settings.Postgres, CancellationToken.None);
        var listing = await Assert.ThrowsAsync<SyncException>(() => archive.RejectedAsync("last", null, CancellationToken.None));
        Assert.Contains("no longer kept (Run:KeepDays): 1.", listing.Message, StringComparison.Ordinal);
        Assert.Equal(NextActionKind.ResyncEntities, listing.Errors[0].Next?.Kind);
    }

    [Fact]
    public async Task A_dry_run_names_no_rows_that_it_has_not_written()
    {
        await using var fixture = await RejectedAsync();
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, $"\"Linked User Login\": \"{SyncFixture.Id(99)}\""));

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], DryRun = true });

        Assert.Equal(1, report.Entities[0].Rejected);
        Assert.DoesNotContain("bubblesync.", string.Join(' ', report.Errors.Select(e => e.Message).Concat(report.Warnings)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("max-rejects")]
    [InlineData("cancel")]
    [InlineData("incremental")]
    public async Task A_record_of_which_a_run_that_merged_nothing_saw_another_version_is_left_out(string how)
    {
        await using var fixture = await RejectedAsync(1, 2);
        var first = await LastRunAsync(fixture);
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        fixture.Put("agent", SyncFixture.Record(1, now, "\"Name\": \"new\""));
        if (how == "max-rejects")
            fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, Bad));
        await SeeAsync(fixture, how);
        await AllowTextAsync(fixture);

        var report = await ReprocessAsync(fixture, first);

        Assert.Contains(report.Warnings, w => w.StartsWith("1 of the records that run", StringComparison.Ordinal));
        Assert.Equal([SyncFixture.Id(2)], await fixture.RowsAsync("select bubble_id from agent"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_run_saw_anew_of_one_entity_makes_no_rejected_record_of_another_outdated(bool stops)
    {
        await using var fixture = await RejectedAsync();
        fixture.Put("Customer_Profile", SyncFixture.Record(1, "no date"));
        await fixture.ResyncAsync("customer");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, Bad));

        await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = stops ? new Limit(0, false) : null });

        Assert.Equal(["agent"], await fixture.RowsAsync("select distinct entity from bubblesync.rejected_record where superseded_by is not null"));
    }

    private static async Task SeeAsync(SyncFixture fixture, string how)
    {
        if (how == "verify")
            await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit);
        else if (how == "max-rejects")
            Assert.Equal(RunStatus.Failed, (await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = new Limit(0, false) })).Status);
        else
            await StopAtMergeAsync(fixture, how);
    }

    private static async Task StopAtMergeAsync(SyncFixture fixture, string how)
    {
        await using var heldLock = await HeldLock.ShutAsync(fixture, "lock table agent in exclusive mode");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(fixture.Limit);
        var run = how == "cancel"
            ? fixture.Engine().ResyncAsync(new ResyncOptions { Entities = ["agent"] }, null, stop.Token)
            : fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, stop.Token);
        await heldLock.SomebodyWaitsAsync();
        await stop.CancelAsync();
        Assert.Equal(RunStatus.Cancelled, (await run).Status);
    }

    private async Task<SyncFixture> RejectedAsync(params int[] numbers)
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in numbers.DefaultIfEmpty(1))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, Bad));
        Assert.Equal(RunStatus.Partial, (await fixture.ResyncAsync("agent")).Status);
        return fixture;
    }

    private static async Task AllowTextAsync(SyncFixture fixture)
    {
        await fixture.ExecuteAsync("alter table agent alter commission type text");
        fixture.WithMap("agent", map => string.Join('\n', map.Split('\n').Select(l =>
            l.Contains("\"commission\"", StringComparison.Ordinal) ? l.Replace("\"integer\"", "\"text\"", StringComparison.Ordinal) : l)));
    }

    private static async Task<string> LastRunAsync(SyncFixture fixture) =>
        (await fixture.ScalarAsync<string>("select run_id::text from bubblesync.run order by started_at desc limit 1"))!;

    private static Task<RunReport> ReprocessAsync(SyncFixture fixture, string run) => fixture.Engine().ReprocessAsync(run, force: false, fixture.Limit);
}
