using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>Two schemas of one database mirror the same app: neither takes anything of the other.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class TwoSchemaTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly string[] Schemas = ["public", "mirror"];

    [Fact]
    public async Task A_run_of_another_schema_is_not_resumed()
    {
        await using var fixture = await TwoAsync();
        var stopped = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxCalls = 1 });
        Assert.Equal((RunStatus.Failed, ErrorCode.CallBudget), (stopped.Status, stopped.Errors[0].Code));
        Use(fixture, "mirror");

        var last = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync(new ResyncOptions { Resume = true }));
        var run = await fixture.ScalarAsync<Guid>("select run_id from bubblesync.run");
        var named = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync(new ResyncOptions { Resume = true, ResumeRun = run.ToString() }));

        Assert.Contains("there is no resync of this schema yet", last.Message, StringComparison.Ordinal);
        Assert.Contains($"there is no resync '{run}' of this schema", named.Message, StringComparison.Ordinal);
        Use(fixture, "public");
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync(new ResyncOptions { Resume = true })).Status);
    }

    [Fact]
    public async Task Links_that_are_held_back_in_one_schema_are_not_those_of_the_other()
    {
        const string Link = "select linked_user_login from {0}.agent";
        await using var fixture = await TwoAsync();
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, $"\"Linked User Login\": \"{SyncFixture.Id(9)}\""));
        foreach (var schema in Schemas)
        {
            Use(fixture, schema);
            await fixture.ResyncAsync("agent");
        }

        fixture.Put("user", SyncFixture.Record(9, SyncFixture.Early));
        await fixture.ResyncAsync("user");
        var (here, there) = (await fixture.ScalarAsync<string>(Of("public")), await fixture.ScalarAsync<string>(Of("mirror")));
        Use(fixture, "public");
        await fixture.ResyncAsync("user");

        Assert.Equal((null, SyncFixture.Id(9)), (here, there));
        Assert.Equal(SyncFixture.Id(9), await fixture.ScalarAsync<string>(Of("public")));

        static string Of(string schema) => string.Format(System.Globalization.CultureInfo.InvariantCulture, Link, schema);
    }

    [Fact]
    public async Task What_the_program_wrote_in_one_schema_makes_no_edit_of_the_other_its_own()
    {
        await using var fixture = await TwoAsync();
        await fixture.ExecuteAsync(
            "create function public.stamp() returns trigger language plpgsql as $$ begin new.updated_at = clock_timestamp(); return new; end $$");
        foreach (var schema in Schemas)
            await fixture.ExecuteAsync($"create trigger stamp before insert or update on {schema}.agent for each row execute function public.stamp()");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"old\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("update public.agent set name = 'mine'");
        Use(fixture, "mirror");
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"new\""));
        Use(fixture, "public");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((1L, "mine"), (report.Entities[0].Conflicts, await fixture.ScalarAsync<string>("select name from public.agent")));
    }

    [Fact]
    public async Task A_row_that_is_pruned_in_one_schema_leaves_the_held_link_of_the_other_which_is_no_missing_link_here()
    {
        await using var fixture = await TwoAsync();
        foreach (var number in Enumerable.Range(1, 9))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, number == 1 ? $"\"Linked User Login\": \"{SyncFixture.Id(19)}\"" : ""));
        foreach (var schema in Schemas)
        {
            Use(fixture, schema);
            await fixture.ResyncAsync("agent");
        }

        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));
        Use(fixture, "public");
        var pruned = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Hard });
        var audited = await fixture.Engine().AuditLinksAsync(new(), fixture.Limit);

        Assert.Equal(1L, pruned.Entities[0].Pruned);
        Assert.Empty(audited.Links);
        Assert.Equal("mirror", await fixture.RowAsync("select target_schema from bubblesync.held_link"));
    }

    [Fact]
    public async Task A_run_over_one_schema_leaves_what_the_other_has_staged()
    {
        await using var fixture = await TwoAsync();
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        await using var heldLock = await HeldLock.ShutAsync(fixture, "lock table public.agent in exclusive mode");
        var here = fixture.ResyncAsync("agent");
        await heldLock.SomebodyWaitsAsync();
        Use(fixture, "mirror");

        var there = await fixture.ResyncAsync("agent");
        await heldLock.DisposeAsync();

        Assert.Equal((RunStatus.Succeeded, RunStatus.Succeeded), (there.Status, (await here).Status));
        Assert.Equal((1L, 1L), (there.Entities[0].Inserted, (await here).Entities[0].Inserted));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_run_over_one_schema_saw_anew_makes_no_rejected_record_of_the_other_outdated(bool stops)
    {
        await using var fixture = await TwoAsync();
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": \"many\""));
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Commission\": \"more\""));
        Use(fixture, "mirror");

        await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = stops ? new Limit(0, false) : null });

        Assert.Equal(2, await fixture.ScalarAsync<long>("select count(*) from bubblesync.rejected_record where superseded_by is null"));
    }

    [Fact]
    public async Task Neither_removes_lists_closes_or_calls_last_what_is_the_others()
    {
        await using var fixture = await TwoAsync();
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": \"many\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync("update bubblesync.run set status = 'running', finished_at = now() - interval '1000 days'");
        var here = await fixture.ScalarAsync<Guid>("select run_id from bubblesync.run");
        Use(fixture, "mirror");
        var there = (await fixture.ResyncAsync("agent")).RunId;

        await using var ofMirror = await RunArchive.OpenAsync(fixture.Settings.Postgres, fixture.Limit);
        Use(fixture, "public");
        await using var ofPublic = await RunArchive.OpenAsync(fixture.Settings.Postgres, fixture.Limit);

        Assert.Equal(2, await fixture.ScalarAsync<long>("select count(*) from bubblesync.rejected_record"));
        Assert.Equal("running", await fixture.ScalarAsync<string>($"select status from bubblesync.run where run_id = '{here}'"));
        Assert.Equal((there, here), ((await ofMirror.ListAsync(10, null, null, fixture.Limit))
            .Single().RunId, (await ofPublic.ListAsync(10, null, null, fixture.Limit)).Single().RunId));
        Assert.Equal((there, here), ((await ofMirror.ShowAsync("last", fixture.Limit)).RunId, (await ofPublic.ShowAsync("last", fixture.Limit)).RunId));
    }

    private static void Use(SyncFixture fixture, string schema) =>
        fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { Schema = schema } };

    private async Task<SyncFixture> TwoAsync()
    {
        var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches();
        await fixture.ExecuteAsync("create schema mirror");
        Use(fixture, "mirror");
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        Use(fixture, "public");
        foreach (var schema in Schemas)
            await fixture.ExecuteAsync($"alter table {schema}.agent add foreign key (linked_user_login) references {schema}.\"user\" (bubble_id)");
        return fixture;
    }
}
