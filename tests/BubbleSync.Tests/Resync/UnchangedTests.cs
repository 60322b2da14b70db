using BubbleSync.Etl.Reports;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>A resync of what is there already: nothing written, no page asked for in vain.</summary>
public sealed class UnchangedTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int WindowSize = 50;
    private const int PageSize = 20;

    [Fact]
    public async Task A_second_resync_writes_no_row()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 40 });
        await fixture.ResyncAsync();
        var before = await fixture.SnapshotAsync();

        var report = await fixture.ResyncAsync();

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal(before, await fixture.SnapshotAsync());
        Assert.All(report.Entities, e => Assert.Equal((e.Extracted, 0L, 0L), (e.Unchanged, e.Inserted, e.Updated)));
        Assert.All(report.Patches, p => Assert.Equal((PatchStatus.Succeeded, 0L), (p.Status, p.Rows)));
    }

    [Fact]
    public async Task No_more_is_asked_than_the_windows_need()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 60 })).With(WindowSize, PageSize);

        var report = await fixture.ResyncAsync();

        Assert.Equal(fixture.Bubble.Traffic.Requests, report.Api.Calls);
        foreach (var map in Maps.All)
        {
            var windows = (await fixture.RowsAsync($"select rows_read from bubblesync.\"window\" where entity = '{map.Name}' and kind = 'created'"))
                .Select(int.Parse).ToList();
            var pages = windows.Sum(rows => Math.Max(1, (rows + PageSize - 1) / PageSize));
            // One count of the whole before, one after, one page of what changed since; one probe a window where one window does not hold all.
            var probes = 3 + (windows.Count > 1 ? windows.Count : 0);
            Assert.Equal((map.Name, pages + probes), (map.Name, (int)fixture.Bubble.Traffic.Count(map.Type, RequestKind.List)));
        }
    }

    [Fact]
    public async Task Windows_tile_the_history_and_each_is_counted_before_and_after()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 60 })).With(WindowSize, PageSize);

        var report = await fixture.ResyncAsync();

        foreach (var map in Maps.All)
        {
            var windows = await fixture.RowsAsync(
                $"select from_at, to_at, rows_read from bubblesync.\"window\" where entity = '{map.Name}' and kind = 'created' order by from_at");
            Assert.Equal(windows.Skip(1).Select(w => w.Split('|')[0]), windows.SkipLast(1).Select(w => w.Split('|')[1]));
            Assert.Equal(fixture.Bubble.Records.Count(map.Type), windows.Sum(w => long.Parse(w.Split('|')[2], null)));
            Assert.True(await fixture.ScalarAsync<bool>($"""
                select bool_and(count_before = rows_read and count_after = rows_read and rows_read <= {WindowSize} and status = 'proved' and attempt = 1
                  and rows_staged = rows_read)
                   and min(from_at) = (select min(created_date) from "{map.Table}") and max(to_at) < '{report.StartedAt:O}'
                     and max(to_at) > '{report.StartedAt:O}'::timestamptz - interval '20 s'
                from bubblesync."window" where entity = '{map.Name}' and kind = 'created'
                """), map.Name);
            Assert.Equal(windows.Count, report.Entities.Single(e => e.Name == map.Name).Proof!.Windows);
        }

        Assert.Equal("true", await fixture.RowAsync("select count(*) > 4 from bubblesync.\"window\" where entity = 'invoice_item' and kind = 'created'"));
        Assert.Equal("8", await fixture.RowAsync("select count(*) from bubblesync.\"window\" where kind = 'modified' and rows_read = 0 and status = 'proved'"));
    }
}
