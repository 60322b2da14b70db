using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.7: triggers that stamp rows of other tables, or at the end of the transaction, make no conflict and hide none.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class StampedRowTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string StampAgents = "update agent set updated_at = clock_timestamp(); return null";

    [Theory]
    [InlineData("insert", true)]
    [InlineData("insert", false)]
    [InlineData("insert", true, "constraint ", "deferrable initially deferred")]
    public async Task A_trigger_of_another_table_makes_no_conflict_and_hides_no_edit(string when, bool counts, string kind = "", string timing = "")
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        if (!counts)
            await fixture.ExecuteAsync("do $$ begin execute format('alter database %I set track_counts = off', current_database()); end $$");
        await fixture.ExecuteAsync(Trigger("stamp_agents", $"{kind}trigger stamp_agents after {when} on customer {timing} for each row", StampAgents));
        Put(fixture, SyncFixture.Early, "old");
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync($"update agent set name = 'mine', updated_at = clock_timestamp() where bubble_id = '{SyncFixture.Id(1)}'");
        fixture.Put("Customer_Profile", SyncFixture.Record(1, SyncFixture.Early));
        await fixture.ResyncAsync("customer");
        Put(fixture, SyncFixture.Late, "new");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((1L, 1L), (report.Entities[0].Updated, report.Entities[0].Conflicts));
        Assert.Equal(["mine", "new"], await fixture.RowsAsync("select name from agent order by bubble_id"));
    }

    [Fact]
    public async Task A_trigger_that_waits_for_the_commit_makes_no_conflict()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        const string Stamp = "update agent set updated_at = clock_timestamp() where bubble_id = new.bubble_id; return null";
        await fixture.ExecuteAsync(
            Trigger("stamp", "constraint trigger stamp after insert or update of name on agent deferrable initially deferred for each row", Stamp));
        Put(fixture, SyncFixture.Early, "old");
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync($"update agent set name = 'mine' where bubble_id = '{SyncFixture.Id(1)}'");
        Put(fixture, SyncFixture.Late, "new");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((1L, 1L), (report.Entities[0].Updated, report.Entities[0].Conflicts));
    }

    [Fact]
    public async Task A_trigger_that_stamps_other_rows_of_the_same_table_makes_no_conflict_and_hides_no_edit()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Trigger("stamp_agents", "trigger stamp_agents after insert on agent for each row", StampAgents));
        Put(fixture, SyncFixture.Early, "old");
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync($"update agent set name = 'mine', updated_at = clock_timestamp() where bubble_id = '{SyncFixture.Id(1)}'");
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Early, "\"Name\": \"third\""));
        await fixture.ResyncAsync("agent");
        Put(fixture, SyncFixture.Late, "new");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((1L, 1L), (report.Entities[0].Updated, report.Entities[0].Conflicts));
        Assert.Equal(["mine", "new", "third"], await fixture.RowsAsync("select name from agent order by bubble_id"));
    }

    [Fact]
    public async Task With_force_a_row_that_was_edited_and_then_stamped_is_no_conflict_any_more()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Trigger("stamp_agents", "trigger stamp_agents after update of name on agent for each row", StampAgents));
        Put(fixture, SyncFixture.Early, "old");
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("update agent set name = 'mine'");
        Put(fixture, "2026-03-15T00:00:00.000Z", "forced");
        await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Force = true });
        Put(fixture, SyncFixture.Late, "new");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((2L, 0L), (report.Entities[0].Updated, report.Entities[0].Conflicts));
    }

    [Fact]
    public async Task A_pruned_row_whose_trigger_stamps_another_table_makes_no_conflict_and_hides_no_edit()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Trigger("stamp_agents", "trigger stamp_agents after delete on customer for each row", StampAgents));
        Put(fixture, SyncFixture.Early, "old");
        foreach (var number in Enumerable.Range(1, 9))
            fixture.Put("Customer_Profile", SyncFixture.Record(number, SyncFixture.Early));
        await fixture.ResyncAsync("agent", "customer");
        await fixture.ExecuteAsync($"update agent set name = 'mine', updated_at = clock_timestamp() where bubble_id = '{SyncFixture.Id(1)}'");
        fixture.Bubble.Records.Delete("Customer_Profile", SyncFixture.Id(9));
        var pruned = await fixture.ResyncAsync(new ResyncOptions { Entities = ["customer"], Prune = PruneMode.Hard });
        Put(fixture, SyncFixture.Late, "new");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(1L, pruned.Entities[0].Pruned);
        Assert.Equal((1L, 1L), (report.Entities[0].Updated, report.Entities[0].Conflicts));
    }

    [Fact]
    public async Task A_patch_that_makes_a_trigger_stamp_a_table_it_does_not_name_makes_no_conflict_and_hides_no_edit()
    {
        const string Fill = "update customer set name = 'p' where name is null";
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-fill", Fill));
        await fixture.ExecuteAsync(Trigger("stamp_agents", "trigger stamp_agents after update on customer for each row", StampAgents));
        Put(fixture, SyncFixture.Early, "old");
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync($"update agent set name = 'mine', updated_at = clock_timestamp() where bubble_id = '{SyncFixture.Id(1)}'");
        fixture.Put("Customer_Profile", SyncFixture.Record(1, SyncFixture.Early));
        var patched = await fixture.ResyncAsync("customer");
        Put(fixture, SyncFixture.Late, "new");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(1L, Assert.Single(patched.Patches).Rows);
        Assert.Equal((1L, 1L), (report.Entities[0].Updated, report.Entities[0].Conflicts));
    }

    [Theory]
    [InlineData("after insert", "delete from agent where bubble_id = new.bubble_id and name = 'Ann'", "1 of 2 new rows", "")]
    [InlineData("after insert", "delete from agent where bubble_id = new.bubble_id and name = 'Ann'", "1 of 2 new rows", "deferrable initially deferred")]
    [InlineData(
        "after update", "update agent set name = old.name, modified_date = old.modified_date where bubble_id = new.bubble_id and new.name = 'Bob'",
        "1 of 2 updates", "")]
    public async Task Rows_that_a_trigger_undoes_after_they_were_written_stop_the_merge_and_are_named(
        string when, string body, string expected, string timing)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        Put(fixture, SyncFixture.Early, "old");
        await fixture.ResyncAsync("agent");
        var kind = timing.Length > 0 ? "constraint trigger" : "trigger";
        await fixture.ExecuteAsync(Trigger("undo", $"{kind} undo {when} on agent {timing} for each row", $"{body}; return null"));
        foreach (var (number, name) in new[] { (1, "Bob"), (2, "Bea"), (3, "Ann"), (4, "Eve") })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Late, $"\"Name\": \"{name}\""));

        var report = await fixture.ResyncAsync("agent");

        var error = Assert.Single(report.Errors, e => e is { Code: ErrorCode.RowsNotTaken, Entity: "agent" });
        Assert.Contains($"trigger 'undo' of table \"public\".\"agent\" kept {expected} out", error.Message, StringComparison.Ordinal);
        Assert.Equal(["old", "old"], await fixture.RowsAsync("select name from agent"));
    }

    private static void Put(SyncFixture fixture, string modified, string name)
    {
        foreach (var number in new[] { 1, 2 })
            fixture.Put("agent", SyncFixture.Record(number, modified, $"\"Name\": \"{name}\""));
    }

    private static string Trigger(string function, string definition, string body) =>
        $"create function {function}() returns trigger language plpgsql as $x$ begin {body}; end $x$; create {definition} execute function {function}()";
}
