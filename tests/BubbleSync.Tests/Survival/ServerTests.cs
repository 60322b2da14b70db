using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>A server that crashes, and one whose disk is full.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class ServerTests(OwnServer server) : IClassFixture<OwnServer>
{
    private static readonly SimulatorOptions Small = new() { Invoices = 20 };
    private static readonly (string, string)[] SmallWindows = [("Bubble__WindowSize", "12"), ("Bubble__PageSize", "5")];

    [Fact]
    public async Task After_a_crash_of_the_server_what_staging_lost_is_read_again()
    {
        await using var fixture = await SyncFixture.OpenAsync(await server.CreateDatabaseAsync(), Small);
        var (isReading, mayGoOn) = Pages.StallOne(fixture);
        using var program = Bubblesync.Start(fixture, SmallWindows, "resync", "--output", "json");
        await isReading.WaitAsync(fixture.Limit);
        await fixture.UntilAsync("select count(distinct entity) >= 7 and count(*) filter (where entity = 'seda_registration') > 1 from bubblesync.\"window\"");
        await server.CrashAsync();
        fixture.Reconnect();
        mayGoOn.SetResult();
        var outcome = await program.EndAsync();

        Assert.Equal((3, "failed"), (outcome.Code, outcome.Json.GetProperty("status").GetString()));
        Assert.Contains(Word.Parse<ErrorCode>(outcome.Json.GetProperty("errors")[0].GetProperty("code").GetString()!), TerminationTests.Clear);
        var known = await Pages.ProvedAsync(fixture);
        var pages = new Pages(fixture);
        outcome = await Bubblesync.RunAsync(fixture, SmallWindows, "resync", "--resume");

        Assert.True(outcome.Code == 0, outcome.All);
        Assert.Contains(pages.Begun.Intersect(known), window => window.StartsWith("seda_registration ", StringComparison.Ordinal));
        Assert.Equal(await CalmAsync(), await fixture.EndStateAsync());
        Assert.Empty(await fixture.StagingAsync());
    }

    [Fact]
    public async Task After_a_crash_what_was_merged_before_it_is_neither_read_again_nor_pruned()
    {
        await using var fixture = await SyncFixture.OpenAsync(await server.CreateDatabaseAsync(), Small);
        await fixture.ExecuteAsync($"insert into agent (bubble_id) values ('{SyncFixture.Id(1)}')");
        await using (var heldLock = await HeldLock.ShutAsync(fixture, "lock table invoice in exclusive mode"))
        {
            var run = fixture.ResyncAsync(new ResyncOptions { Prune = PruneMode.Hard, PruneLimitPercent = 100 });
            await heldLock.SomebodyWaitsAsync();
            await server.CrashAsync();
            Assert.Equal(RunStatus.Failed, (await run).Status);
        }

        fixture.Reconnect();
        Assert.Equal("agent,customer,user|0", await fixture.RowAsync("select (select string_agg(entity, ',' order by entity) from bubblesync.run_entity), "
            + "count(*) from invoice"));
        var pages = new Pages(fixture);
        var report = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal(RunStatus.Partial, report.Status);
        Assert.Equal(["agent", "customer", "user"], report.Errors.Where(
            e => e.Code == ErrorCode.PruneRefused && e.Message.Contains("server crash", StringComparison.Ordinal))
            .Select(e => e.Entity).Order());
        Assert.DoesNotContain(
            pages.Begun, window => window.StartsWith("agent ", StringComparison.Ordinal)
                || window.StartsWith("customer ", StringComparison.Ordinal) || window.StartsWith("user ", StringComparison.Ordinal));
        await fixture.ExecuteAsync($"delete from agent where bubble_id = '{SyncFixture.Id(1)}'");
        Assert.Equal(await CalmAsync(), await fixture.EndStateAsync());
    }

    [PrlimitFact]
    public async Task A_full_disk_stops_the_run_before_it_merges_and_it_goes_on_once_there_is_room()
    {
        const int Records = 250;
        // More than the limit in all, and the limit more than a segment of the server's log.
        const int Limit = 17 * 1024 * 1024;
        await using var fixture = await SyncFixture.OpenAsync(await server.CreateDatabaseAsync(), new SimulatorOptions { Invoices = 0, Compression = false });
        var random = new Random(1);
        for (var number = 0; number < Records; number++)
            fixture.Put("agent", SyncFixture.Record(
                number, SyncFixture.Early, $"\"Name\": \"{Noise(random)}\"", created: $"2026-02-01T00:00:00.{number:000}Z"));
        fixture.Put("Customer_Profile", SyncFixture.Record(1, SyncFixture.Early));
        (string, string)[] windows = [("Bubble__WindowSize", "20"), ("Bubble__PageSize", "10")];
        string[] entities = ["--entity", "agent", "--entity", "user"];

        await server.LimitFilesAsync(Limit);
        var full = await Bubblesync.RunAsync(fixture, windows, ["resync", "--output", "json", .. entities]);
        await server.LimitFilesAsync(null);
        var merged = await fixture.ScalarAsync<long>("select count(*) from agent");
        var known = await Pages.ProvedAsync(fixture);
        var pages = new Pages(fixture);
        var done = await Bubblesync.RunAsync(fixture, windows, "resync", "--resume");

        Assert.Equal((3, 0L), (full.Code, merged));
        var error = full.Json.GetProperty("errors")[0];
        Assert.Equal(("load", "agent"), (error.GetProperty("stage").GetString(), error.GetProperty("entity").GetString()));
        Assert.Matches("could not (extend|write)", error.GetProperty("message").GetString()!);
        Assert.True(done.Code == 0, done.All);
        Assert.NotEmpty(known);
        pages.AssertNotRead(known);
        Assert.Equal(Records, await fixture.ScalarAsync<long>("select count(*) from agent where length(name) = 100000"));
        Assert.Empty(await fixture.StagingAsync());
    }

    private static string Noise(Random random)
    {
        var bytes = new byte[75_000];
        random.NextBytes(bytes);
        return Convert.ToBase64String(bytes);
    }

    private async Task<IReadOnlyList<string>> CalmAsync()
    {
        await using var fixture = await SyncFixture.OpenAsync(await server.CreateDatabaseAsync(), Small);
        await fixture.ResyncAsync();
        return await fixture.EndStateAsync();
    }
}
