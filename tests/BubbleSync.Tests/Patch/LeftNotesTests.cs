using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Survival;
using Xunit;
using static BubbleSync.Tests.Patch.TouchedWitness;

namespace BubbleSync.Tests.Patch;

/// <summary>What becomes of the notes that a run leaves when it ends before its patches.</summary>
public sealed class LeftNotesTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Gate = "select pg_advisory_xact_lock(42)";

    [Fact]
    public async Task Notes_of_a_killed_run_go_to_a_run_that_was_under_way_when_it_was_killed()
    {
        await using var fixture = await OpenAsync(postgres);

        await AssertTakenFromKilledRunAsync(fixture);
    }

    [Fact]
    public async Task What_an_ended_run_notes_when_it_is_resumed_stays_for_the_next_run()
    {
        await using var fixture = await OpenAsync(postgres);
        fixture.WithPatches((Name, Sql), ("020-waits", $"select from bubblesync.touched; {Gate}"));
        await fixture.ResyncAsync();
        await NoteAsync(fixture, 1);
        await using (var gate = await HeldLock.ShutAsync(fixture, Gate))
        {
            var run = IncrementalAsync(fixture);
            await gate.SomebodyWaitsAsync();
            await NoteAsync(fixture, 2);
            await gate.CommitAsync();
            await run;
        }

        var left = await fixture.RowsAsync("select bubble_id from bubblesync.touched_row");
        var seen = await SeenAsync(fixture, () => IncrementalAsync(fixture));

        Assert.Equal([SyncFixture.Id(2)], left);
        Assert.Equal([$"false|agent|{SyncFixture.Id(2)}"], seen);
    }

    /// <summary>
    /// Kills a run that has merged and not begun its patches, while another run is at the same place. Its row in the history says that it still runs.
    /// </summary>
    internal static async Task AssertTakenFromKilledRunAsync(SyncFixture fixture)
    {
        await fixture.ResyncAsync();
        ChangeAgent(fixture);
        var seen = await SeenAsync(fixture, async () =>
        {
            await using var gate = await HeldLock.ShutAsync(fixture, "lock table bubblesync.patch_state in access exclusive mode");
            using var program = Bubblesync.Start(
                fixture,
                [("Run__Patches", fixture.Settings.Run.Patches), ("Postgres__ConnectionString", fixture.Settings.Postgres.ConnectionString!)],
                "sync", "incremental", "--entity", "agent");
            await WaitersAsync(fixture, 1);
            var other = IncrementalAsync(fixture, "customer");
            await WaitersAsync(fixture, 2);
            program.Kill();
            await fixture.UntilAsync("select count(distinct pid) = 1 from pg_locks where locktype = 'advisory' and "
                + "database = (select oid from pg_database where datname = current_database())");
            await gate.CommitAsync();
            await other;
        });

        Assert.Equal([$"false|agent|{SyncFixture.Id(1)}"], seen);
        Assert.Equal("1|0", await fixture.RowAsync(
            "select (select count(*) from bubblesync.run where status = 'running'), (select count(*) from bubblesync.touched_row)"));
    }

    private static Task WaitersAsync(SyncFixture fixture, int count) => fixture.UntilAsync(
        $"select count(*) = {count} from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()");

    // As a run does that is not under way.
    private static Task NoteAsync(SyncFixture fixture, int number) => fixture.ExecuteAsync(
        $"""
        insert into bubblesync.touched_row (target_schema, run_id, entity, bubble_id)
        values ('public', '00000000-0000-0000-0000-00000000000d', 'agent', '{SyncFixture.Id(number)}')
        """);
}
