using BubbleSync.Etl.Reports;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.0, 5.6 and 5.7: which clock decides what.</summary>
public sealed class ClockTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Row = "select name, modified_date, updated_at from agent";

    [Fact]
    public async Task A_new_row_takes_its_clocks_from_Bubble()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"Ann\"", created: SyncFixture.Early));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal("2026-03-01T08:00:00Z|2026-04-01T09:30:00.25Z|2026-04-01T09:30:00.25Z|true", await fixture.RowAsync(
            $"select created_at, modified_date, updated_at, last_synced_at between '{report.StartedAt:O}'::timestamptz - interval '1 s' and "
                + $"'{report.FinishedAt:O}'::timestamptz + interval '1 s' from agent"));
    }

    [Fact]
    public async Task A_newer_record_updates_its_row_and_leaves_created_at()
    {
        await using var fixture = await SyncedAsync();
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"Bob\"", created: SyncFixture.Late));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((1, 0), (report.Entities[0].Updated, report.Entities[0].Unchanged));
        Assert.Equal("Bob|2026-04-01T09:30:00.25Z|2026-04-01T09:30:00.25Z", await fixture.RowAsync(Row));
        Assert.Equal("2026-02-01T00:00:00Z|true", await fixture.RowAsync($"select created_at, last_synced_at >= '{report.StartedAt:O}'::timestamptz - "
            + "interval '1 s' from agent"));
    }

    [Theory]
    [InlineData(SyncFixture.Early)]
    [InlineData("2026-02-28T00:00:00.000Z")]
    [InlineData(null)]
    public async Task A_record_that_is_not_newer_leaves_its_row_alone(string? modified)
    {
        await using var fixture = await SyncedAsync();
        fixture.Put("agent", SyncFixture.Record(1, modified, "\"Name\": \"Bob\""));
        var before = await fixture.SnapshotAsync();

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((0, 1, 0), (report.Entities[0].Updated, report.Entities[0].Unchanged, report.Entities[0].Conflicts));
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Theory]
    [InlineData(SyncFixture.Early)]
    [InlineData(null)]
    public async Task A_row_without_modified_date_is_older_than_anything_and_no_conflict(string? modified)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"insert into agent (bubble_id, name, updated_at) values ('{SyncFixture.Id(1)}', 'local', now() + interval '1 day')");
        fixture.Put("agent", SyncFixture.Record(1, modified, "\"Name\": \"Bob\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((1, 0), (report.Entities[0].Updated, report.Entities[0].Conflicts));
        Assert.Equal(modified is null ? "Bob|~" : "Bob|2026-03-01T08:00:00Z", await fixture.RowAsync("select name, modified_date from agent"));
        Assert.True(await fixture.ScalarAsync<bool>(modified is null ? "select updated_at between now() - interval '1 minute' and "
            + "now() from agent" : "select updated_at = modified_date from agent"));
    }

    [Fact]
    public async Task A_record_without_Modified_Date_is_written_once()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, null, "\"Name\": \"Ann\""));
        await fixture.ResyncAsync("agent");
        var before = await fixture.SnapshotAsync();

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((0, 0, 1), (report.Entities[0].Inserted, report.Entities[0].Updated, report.Entities[0].Unchanged));
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task A_row_edited_here_later_is_kept_counted_and_logged()
    {
        await using var fixture = await SyncedAsync();
        await fixture.ExecuteAsync("update agent set name = 'mine', updated_at = clock_timestamp()");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"Bob\""));
        var before = await fixture.SnapshotAsync();

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(
            (RunStatus.Succeeded, 1L, 0L, 0L), (report.Status, report.Entities[0].Conflicts, report.Entities[0].Updated, report.Entities[0].Unchanged));
        Assert.Equal(before, await fixture.SnapshotAsync());
        Assert.Contains(report.Warnings, w => w.Contains("agent: edited both in Bubble and here, so that the rows were kept: 1", StringComparison.Ordinal));
        Assert.Equal($"warning|agent|{SyncFixture.Id(1)}", await fixture.RowAsync("select level, entity, bubble_id from bubblesync.activity_log where run_id "
            + $"= '{report.RunId}' and bubble_id is not null"));
    }

    [Theory]
    [InlineData("2026-04-01T09:30:00.250Z")]
    [InlineData("2026-03-20T00:00:00Z")]
    [InlineData("2026-04-01T09:30:00.251Z")]
    public async Task A_row_edited_here_before_Bubble_or_before_the_last_sync_is_overwritten(string edited)
    {
        await using var fixture = await SyncedAsync();
        await fixture.ExecuteAsync($"update agent set name = 'mine', updated_at = '{edited}'");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"Bob\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((0, 1), (report.Entities[0].Conflicts, report.Entities[0].Updated));
        Assert.Equal("Bob", await fixture.ScalarAsync<string>("select name from agent"));
    }

    [Theory]
    [InlineData(SyncFixture.Late)]
    [InlineData(SyncFixture.Early)]
    [InlineData("2026-01-05T00:00:00.000Z")]
    [InlineData(null)]
    public async Task Force_takes_Bubbles_values_whatever_the_clocks_say(string? modified)
    {
        await using var fixture = await SyncedAsync();
        await fixture.ExecuteAsync("update agent set name = 'mine', introducer = 'local', updated_at = now()");
        fixture.Put("agent", SyncFixture.Record(1, modified, "\"Name\": \"Bob\""));

        var report = await fixture.ForceAsync("agent");

        Assert.Equal((1, 0), (report.Entities[0].Updated, report.Entities[0].Conflicts));
        Assert.Equal("Bob|local", await fixture.RowAsync("select name, introducer from agent"));
        if (modified is not null)
            Assert.True(await fixture.ScalarAsync<bool>($"select modified_date = '{modified}' and updated_at = modified_date from agent"));
    }

    [Fact]
    public async Task Force_writes_nothing_where_nothing_differs()
    {
        await using var fixture = await SyncedAsync();
        await fixture.ExecuteAsync("update agent set introducer = 'local', updated_at = now()");
        var before = await fixture.SnapshotAsync();

        var report = await fixture.ForceAsync("agent");

        Assert.Equal((0, 1), (report.Entities[0].Updated, report.Entities[0].Unchanged));
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task A_newer_record_that_differs_in_its_date_alone_is_noted()
    {
        await using var fixture = await SyncedAsync();
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"Ann\""));

        await fixture.ResyncAsync("agent");

        Assert.Equal("Ann|2026-04-01T09:30:00.25Z|2026-04-01T09:30:00.25Z", await fixture.RowAsync(Row));
    }

    // One agent, synced as it was early.
    private async Task<SyncFixture> SyncedAsync()
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));
        await fixture.ResyncAsync("agent");
        return fixture;
    }
}
