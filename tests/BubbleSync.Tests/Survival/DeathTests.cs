using BubbleSync.Etl.Reports;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>CONTRACT 6: killing the program at any moment loses nothing, and a resume ends where an undisturbed run does.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class DeathTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Deaths = 8;

    private static readonly (string, string)[] SmallWindows = [("Bubble__WindowSize", "12"), ("Bubble__PageSize", "5")];
    private static readonly SimulatorOptions Slow = new() { Invoices = 25, Latency = TimeSpan.FromMilliseconds(2) };

    [Fact]
    public async Task Killed_at_any_request_a_run_goes_on_and_ends_as_if_it_had_lived()
    {
        var expected = await UndisturbedAsync(Slow);
        var random = new Random(20);
        var proved = 0;

        for (var deaths = 0; deaths < Deaths;)
        {
            await using var fixture = await SyncFixture.OpenAsync(postgres, Slow);
            var known = new List<string>();
            for (var isDead = true; isDead;)
            {
                Pages pages;
                (isDead, pages) = await KilledAtAsync(
                    fixture, random.Next(10, 80), known.Count > 0 || await HasRunAsync(fixture) ? ["resync", "--resume"] : ["resync"]);
                pages.AssertNotRead(known);
                known = await Pages.ProvedAsync(fixture);
                (deaths, proved) = isDead ? (deaths + 1, proved + known.Count) : (deaths, proved);
            }

            Assert.Equal(expected, await fixture.EndStateAsync());
            Assert.Empty(await fixture.StagingAsync());
            Assert.Equal("succeeded|true", await fixture.RowAsync("select status, finished_at is not null from bubblesync.run"));
        }

        Assert.True(proved > Deaths, $"{proved} windows were proved before {Deaths} deaths: too few to tell");
    }

    [Theory]
    [InlineData("agent")]
    [InlineData("seda_registration")]
    public async Task Killed_in_the_middle_of_a_merge_a_run_has_merged_nothing_of_that_entity(string table)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 10 });
        await using (var heldLock = await HeldLock.ShutAsync(fixture, $"lock table {table} in exclusive mode"))
        {
            using var program = Bubblesync.Start(fixture, [], "resync");
            await heldLock.SomebodyWaitsAsync();
            program.Kill();
        }

        await GoneAsync(fixture);
        Assert.Equal("0|0", await fixture.RowAsync($"select (select count(*) from {table}), (select count(*) from bubblesync.run_entity where entity "
            + $"= '{table}')"));
        var known = await Pages.ProvedAsync(fixture);
        var pages = new Pages(fixture);
        var outcome = await Bubblesync.RunAsync(fixture, "resync", "--resume", "--quiet");

        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        pages.AssertNotRead(known);
        Assert.NotEmpty(known);
        Assert.Equal(await UndisturbedAsync(new() { Invoices = 10 }), await fixture.EndStateAsync());
    }

    [Fact]
    public async Task Killed_among_its_patches_a_run_goes_on_with_them_and_reads_nothing_but_counts_and_the_description()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 10 }))
            .WithPatches(("010-first", "update agent set introducer = 'x' where "
                + "introducer is null"), ("020-waits", "select pg_advisory_xact_lock(42)"), ("030-last", "update agent set introducer = 'y' where "
                + "introducer = 'x'"));
        (string, string)[] patches = [("Run__Patches", fixture.Settings.Run.Patches)];
        await using (var heldLock = await HeldLock.ShutAsync(fixture, "select pg_advisory_xact_lock(42)"))
        {
            using var program = Bubblesync.Start(fixture, patches, "resync");
            await heldLock.SomebodyWaitsAsync();
            program.Kill();
        }

        await GoneAsync(fixture);
        fixture.Bubble.Traffic.Reset();
        var outcome = await Bubblesync.RunAsync(fixture, patches, "resync", "--resume", "--output", "json");

        Assert.Equal(0, outcome.Code);
        Assert.Equal(9, fixture.Bubble.Traffic.Requests);
        Assert.Equal(["y"], await fixture.RowsAsync("select distinct introducer from agent"));
        Assert.Equal(10, outcome.Json.GetProperty("entities")
            .EnumerateArray().Single(e => e.GetProperty("name").GetString() == "invoice").GetProperty("inserted").GetInt64());
    }

    private async Task<IReadOnlyList<string>> UndisturbedAsync(SimulatorOptions options)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, options with { Latency = TimeSpan.Zero });
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync()).Status);
        return await fixture.EndStateAsync();
    }

    // Kills the program when it has sent so many requests; where it ends before, it must have ended well.
    private static async Task<(bool IsDead, Pages Pages)> KilledAtAsync(SyncFixture fixture, int request, string[] words)
    {
        RunningProgram? program = null;
        var isKilled = false;
        var started = new TaskCompletionSource();
        var pages = new Pages(fixture, async (number, _) =>
        {
            await started.Task;
            if (number == request)
            {
                isKilled = true;
                program!.Kill();
            }
        });
        using (program = Bubblesync.Start(fixture, SmallWindows, words))
        {
            started.SetResult();
            var outcome = await program.EndAsync();
            if (!isKilled)
                Assert.True(outcome.Code == 0, outcome.All);
        }

        await GoneAsync(fixture);
        fixture.Bubble.Traffic.OnRequest = null;
        return (isKilled, pages);
    }

    private static async Task<bool> HasRunAsync(SyncFixture fixture) =>
        await fixture.ScalarAsync<bool>("select to_regclass('bubblesync.run') is not null and exists (select from bubblesync.run)");

    private static Task GoneAsync(SyncFixture fixture) =>
        fixture.UntilAsync("select not exists (select from pg_stat_activity where datname = current_database() and application_name like 'bubblesync %')");
}
