using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>What happens between the first statement of a merge and its COMMIT.</summary>
public sealed class CommitTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Edit = "update agent set name = 'mine' where bubble_id like '%1'";

    private const string Stamp =
        """
        create function stamp() returns trigger language plpgsql as $$ begin new.updated_at = clock_timestamp(); return new; end $$;
        create trigger stamp before update on agent for each row execute function stamp()
        """;

    [Fact]
    public async Task A_merge_whose_session_ends_at_its_commit_has_merged_nothing_and_is_done_by_the_resume()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));
        await fixture.ExecuteAsync(
            """
            create function die() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
            create constraint trigger die after insert on agent deferrable initially deferred for each row execute function die()
            """);

        var died = await fixture.ResyncAsync("agent");
        var left = await fixture.RowAsync($"select (select count(*) from agent), (select count(*) from bubblesync.run_entity where run_id = '{died.RunId}')");
        await fixture.ExecuteAsync("drop trigger die on agent");
        var resumed = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Failed, "0|0"), (died.Status, left));
        Assert.Equal((RunStatus.Succeeded, died.RunId, 1L), (resumed.Status, resumed.RunId, resumed.Entities[0].Inserted));
        Assert.Equal("Ann", await fixture.ScalarAsync<string>("select name from agent"));
    }

    [Fact]
    public async Task A_row_that_is_edited_here_while_its_entity_is_merged_is_a_conflict()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"old\""));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"new\""));
        await using var edit = await HeldLock.ShutAsync(fixture, "update agent set name = 'mine', updated_at = clock_timestamp() + interval '1 hour'");

        // The merge has classified the row by the time that it waits for its lock.
        var run = fixture.ResyncAsync("agent");
        await edit.SomebodyWaitsAsync();
        await edit.CommitAsync();
        var report = await run;

        Assert.Equal((RunStatus.Succeeded, 0L, 1L), (report.Status, report.Entities[0].Updated, report.Entities[0].Conflicts));
        Assert.Equal("mine", await fixture.ScalarAsync<string>("select name from agent"));
    }

    [Fact]
    public async Task A_row_that_is_edited_here_while_a_patch_waits_for_it_counts_as_edited_though_a_trigger_stamps_the_patch()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches();
        await fixture.ExecuteAsync(Stamp);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"old\""));
        await fixture.ResyncAsync("agent");
        fixture.WithPatches(("010-fill", "update agent set introducer = 'p' where introducer is distinct from 'p'"));
        await using var edit = await HeldLock.ShutAsync(fixture, Edit);

        var patch = fixture.Engine().PatchAsync([], fixture.Limit);
        await edit.SomebodyWaitsAsync();
        await edit.CommitAsync();
        var patched = await patch;
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"new\""));
        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 1L), (patched.Status, report.Entities[0].Conflicts));
        Assert.Equal("mine|p", await fixture.RowAsync("select name, introducer from agent"));
    }

    [Fact]
    public async Task A_row_that_is_edited_here_while_its_link_is_restored_counts_as_edited_though_a_trigger_stamps_the_link()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches();
        await fixture.ExecuteAsync($"{Stamp}; alter table agent add foreign key (linked_user_login) references \"user\" (bubble_id)");
        var link = $", \"Linked User Login\": \"{SyncFixture.Id(9)}\"";
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"old\"" + link));
        await fixture.ResyncAsync("agent");
        fixture.Put("user", SyncFixture.Record(9, SyncFixture.Early));
        await using var edit = await HeldLock.ShutAsync(fixture, Edit);

        var restoring = fixture.ResyncAsync("user");
        await edit.SomebodyWaitsAsync();
        await edit.CommitAsync();
        var restored = await restoring;
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"new\"" + link));
        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 1L), (restored.Status, report.Entities[0].Conflicts));
        Assert.Equal($"mine|{SyncFixture.Id(9)}", await fixture.RowAsync("select name, linked_user_login from agent"));
    }

    [Fact]
    public async Task A_row_that_is_edited_here_while_it_is_pruned_stays()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches();
        foreach (var number in Enumerable.Range(1, 9))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early));
        await fixture.ResyncAsync("agent");
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));
        await using var edit = await HeldLock.ShutAsync(fixture, Edit);

        var run = fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Hard });
        await edit.SomebodyWaitsAsync();
        await edit.CommitAsync();
        var report = await run;

        Assert.Equal((RunStatus.Succeeded, 0L), (report.Status, report.Entities[0].Pruned));
        Assert.Equal(1, await fixture.ScalarAsync<long>("select count(*) from agent where name = 'mine'"));
    }
}
