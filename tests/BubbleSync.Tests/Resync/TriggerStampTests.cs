using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Xunit;
using static BubbleSync.Tests.Resync.Triggers;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.7: triggers that stamp <c>updated_at</c> make no conflict; edits do.</summary>
public sealed class TriggerStampTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Login = "; alter table agent add foreign key (linked_user_login) references \"user\" (bubble_id)";
    private const string Between = "2026-03-15T00:00:00.000Z";

    [Theory]
    [InlineData("now()")]
    [InlineData("clock_timestamp()")]
    public async Task A_trigger_that_stamps_each_write_makes_no_conflict_but_an_edit_does(string clock)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Trigger("stamp", "before insert or update", $"new.updated_at = {clock}; return new"));
        foreach (var number in new[] { 1, 2 })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, "\"Name\": \"old\""));
        await fixture.ResyncAsync("agent");
        Edit(fixture, Between, "once");
        var first = await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync($"update agent set name = 'mine' where bubble_id = '{SyncFixture.Id(1)}'");
        Edit(fixture, SyncFixture.Late, "twice");

        var second = await fixture.ResyncAsync("agent");

        Assert.Equal((2L, 0L), (first.Entities[0].Updated, first.Entities[0].Conflicts));
        Assert.Equal((1L, 1L), (second.Entities[0].Updated, second.Entities[0].Conflicts));
        Assert.Equal(["mine", "twice"], await fixture.RowsAsync("select name from agent order by bubble_id"));
    }

    [Theory]
    [InlineData("now()")]
    [InlineData("clock_timestamp()")]
    public async Task What_a_patch_or_a_restored_link_makes_a_trigger_stamp_is_no_edit(string clock)
    {
        const string Fill = "update agent set introducer = 'p' where introducer is null and name is not null";
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-fill", Fill));
        await fixture.ExecuteAsync(Trigger("stamp", "before update", $"new.updated_at = {clock}; return new") + Login);
        var link = $", \"Linked User Login\": \"{SyncFixture.Id(9)}\"";
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"old\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Slug\": \"s\"" + link));
        await fixture.ResyncAsync("agent");
        fixture.Put("user", SyncFixture.Record(9, SyncFixture.Early));
        await fixture.ResyncAsync("user");
        var linked = await fixture.ScalarAsync<string>("select linked_user_login from agent where slug = 's'");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"new\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Late, "\"Slug\": \"new\"" + link));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(SyncFixture.Id(9), linked);
        Assert.Equal((2L, 0L), (report.Entities[0].Updated, report.Entities[0].Conflicts));
    }

    [Fact]
    public async Task An_edit_stays_one_though_a_patch_then_makes_a_trigger_stamp_its_row()
    {
        const string Fill = "update agent set introducer = 'p' where introducer is null and name = 'mine'";
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-fill", Fill));
        await fixture.ExecuteAsync(Trigger("stamp", "before update", "new.updated_at = clock_timestamp(); return new"));
        Edit(fixture, SyncFixture.Early, "old");
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync($"update agent set name = 'mine' where bubble_id = '{SyncFixture.Id(1)}'");
        await fixture.ResyncAsync("agent");
        Edit(fixture, SyncFixture.Late, "new");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((1L, 1L), (report.Entities[0].Updated, report.Entities[0].Conflicts));
        Assert.Equal(["mine|p", "new|~"], await fixture.RowsAsync("select name, introducer from agent order by bubble_id"));
    }

    [Fact]
    public async Task An_edit_stays_one_though_its_row_is_marked_as_deleted_and_the_mark_is_taken_away()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Trigger("stamp", "before update", "new.updated_at = clock_timestamp(); return new"));
        foreach (var number in Enumerable.Range(1, 9))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, "\"Name\": \"old\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync($"update agent set name = 'mine' where bubble_id = '{SyncFixture.Id(1)}'");
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));
        var marked = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Soft });
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"old\""));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"new\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((1L, 1L), (marked.Entities[0].Pruned, report.Entities[0].Conflicts));
        Assert.Equal("mine|~", await fixture.RowAsync($"select name, deleted_in_bubble_at from agent where bubble_id = '{SyncFixture.Id(1)}'"));
    }

    [Fact]
    public async Task An_edit_stays_one_though_a_restored_link_then_makes_a_trigger_stamp_its_row()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches();
        await fixture.ExecuteAsync(Trigger("stamp", "before update", "new.updated_at = clock_timestamp(); return new") + Login);
        var link = $", \"Linked User Login\": \"{SyncFixture.Id(9)}\"";
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"old\"" + link));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("update agent set name = 'mine'");
        fixture.Put("user", SyncFixture.Record(9, SyncFixture.Early));
        await fixture.ResyncAsync("user");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"new\"" + link));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(1L, report.Entities[0].Conflicts);
        Assert.Equal($"mine|{SyncFixture.Id(9)}", await fixture.RowAsync("select name, linked_user_login from agent"));
    }

    [Fact]
    public async Task What_the_program_wrote_in_one_table_makes_no_edit_of_another_its_own()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches();
        await fixture.ExecuteAsync(
            Trigger("stamp", "before insert or update", "new.updated_at = clock_timestamp(); return new")
            + "; create trigger stamp before insert or update on customer for each row execute function stamp()");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"old\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("update agent set name = 'mine'");
        fixture.Put("Customer_Profile", SyncFixture.Record(1, SyncFixture.Early));
        await fixture.ResyncAsync("customer");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"new\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((1L, "mine"), (report.Entities[0].Conflicts, await fixture.ScalarAsync<string>("select name from agent")));
    }

    [Fact]
    public async Task A_restored_link_goes_over_what_a_patch_filled_though_a_trigger_stamped_it_but_not_over_an_edit()
    {
        var fill = $"update agent set linked_user_login = '{SyncFixture.Id(8)}' where linked_user_login is null and introducer is null";
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("010-fill", fill));
        await fixture.ExecuteAsync(Trigger("stamp", "before update", "new.updated_at = clock_timestamp(); return new") + Login);
        fixture.Put("user", SyncFixture.Record(7, SyncFixture.Early));
        fixture.Put("user", SyncFixture.Record(8, SyncFixture.Early));
        foreach (var number in new[] { 1, 2 })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Linked User Login\": \"{SyncFixture.Id(9)}\""));
        await fixture.ResyncAsync("user", "agent");
        await fixture.ExecuteAsync($"update agent set introducer = 'mine', linked_user_login = '{SyncFixture.Id(7)}' where bubble_id = '{SyncFixture.Id(2)}'");
        fixture.Put("user", SyncFixture.Record(9, SyncFixture.Early));

        await fixture.ResyncAsync("user");

        Assert.Equal([SyncFixture.Id(9), SyncFixture.Id(7)], await fixture.RowsAsync("select linked_user_login from agent order by bubble_id"));
    }

    [Fact]
    public async Task Unique_values_are_exchanged_though_a_trigger_stamps_the_rows()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(
            "alter table agent add unique (name);" + Trigger("stamp", "before update", "new.updated_at = clock_timestamp(); return new"));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"a\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Name\": \"b\""));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"b\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Late, "\"Name\": \"a\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 2L), (report.Status, report.Entities[0].Updated));
        Assert.Equal(["b", "a"], await fixture.RowsAsync("select name from agent order by bubble_id"));
    }

    private static void Edit(SyncFixture fixture, string modified, string name)
    {
        foreach (var number in new[] { 1, 2 })
            fixture.Put("agent", SyncFixture.Record(number, modified, $"\"Name\": \"{name}\""));
    }
}
