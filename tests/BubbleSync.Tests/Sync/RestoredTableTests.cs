using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Sync;

/// <summary>A table was restored from a copy, and has all its rows, but some of them as they were before.</summary>
public sealed class RestoredTableTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Rows_that_are_older_than_an_earlier_sync_left_them_ask_for_a_resync()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        foreach (var number in Enumerable.Range(1, 4))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, "\"Name\": \"old\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("create table copy as select * from agent");
        fixture.Put("agent", SyncFixture.Record(2, Now, "\"Name\": \"new\""));
        Assert.Equal((RunStatus.Succeeded, 1L), await IncrementalAsync(fixture));
        await fixture.ExecuteAsync("delete from agent; insert into agent select * from copy");
        // A later change is read, and hides nothing.
        fixture.Put("agent", SyncFixture.Record(3, Now, "\"Name\": \"newer\""));

        var restored = await IncrementalAsync(fixture);
        var status = await fixture.Engine().StatusAsync(new StatusOptions { Entities = ["agent"], Offline = true }, fixture.Limit);
        var repaired = await IncrementalAsync(fixture);

        Assert.Equal(RunStatus.Partial, restored.Status);
        Assert.Contains(status.NextActions, a => a.Kind == NextActionKind.ResyncEntities);
        Assert.Equal(RunStatus.Succeeded, repaired.Status);
        Assert.Equal(["old", "new", "newer", "old"], await fixture.RowsAsync("select name from agent order by bubble_id"));
        Assert.Equal(RunStatus.Succeeded, (await IncrementalAsync(fixture)).Status);
    }

    [Fact]
    public async Task A_row_that_was_edited_on_both_sides_and_kept_is_none()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"n\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("update agent set name = 'here', updated_at = now() + interval '1 hour'");
        fixture.Put("agent", SyncFixture.Record(1, Now, "\"Name\": \"there\""));

        foreach (var _ in Enumerable.Range(1, 3))
            Assert.Equal((RunStatus.Succeeded, 0L), await IncrementalAsync(fixture));
    }

    [Fact]
    public async Task A_row_that_a_forced_sync_made_older_is_none()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"n\""));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"n\""));
        await fixture.Engine().SyncRecordsAsync("agent", [SyncFixture.Id(1)], force: true, null, fixture.Limit);

        Assert.Equal(RunStatus.Succeeded, (await IncrementalAsync(fixture)).Status);
    }

    private static string Now => CountedAgents.Text(TimeProvider.System.GetUtcNow().AddMinutes(-1));

    private static async Task<(RunStatus Status, long Updated)> IncrementalAsync(SyncFixture fixture)
    {
        var report = await fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = ["agent"] }, null, fixture.Limit);
        return (report.Status, report.Entities[0].Updated);
    }
}
