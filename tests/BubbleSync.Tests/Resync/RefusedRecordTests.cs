using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 5.5: what is kept of a record that the table refuses is what Bubble sent, and loads whole once the table is fixed.</summary>
public sealed class RefusedRecordTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Raw = "select raw from bubblesync.rejected_record order by bubble_id, at";
    private const string Rule = "alter table agent add constraint paid check (commission >= 0)";

    // Commission is read into two columns, and two columns come from one object.
    private static string Map(string map) => map.Replace(
        "{ \"column\": \"tree_seed\", \"type\": \"text\", \"from\": \"TREE SEED\" }",
        """
        { "column": "tree_seed", "type": "text", "from": "Commission" },
        { "column": "ic_front", "type": "text", "from": "IC", "path": "front" }, { "column": "ic_back", "type": "text", "from": "IC", "path": "back" }
        """,
        StringComparison.Ordinal).Replace(
        """
        ,
            { "column": "ic_front", "type": "text", "from": ["IC Front", "ic_front"] },
            { "column": "ic_back", "type": "text", "from": ["IC Back", "ic_back"] }
        """,
        "",
        StringComparison.Ordinal);

    private static string Refused(string modified) =>
        SyncFixture.Record(1, modified, """
            "Name": "Ann", "Commission": -5.0, "IC": {"front": "f", "back": "b", "else": [1.50]}, "Unmapped": {"x": 1e2}
            """);

    [Theory]
    [InlineData(Rule, "alter table agent drop constraint paid")]
    [InlineData("alter table agent alter slug set not null", "alter table agent alter slug drop not null")]
    public async Task All_of_it_survives_until_it_is_reprocessed_however_often_it_is_refused_meanwhile(string rule, string fix)
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithMap("agent", Map);
        await fixture.ExecuteAsync(rule);
        fixture.Put("agent", Refused(SyncFixture.Early));
        var first = await fixture.ResyncAsync("agent");
        var second = await fixture.Engine().ReprocessAsync($"{first.RunId}", false, fixture.Limit);
        var kept = await fixture.RowsAsync(Raw);
        await fixture.ExecuteAsync(fix);
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));

        var third = await fixture.Engine().ReprocessAsync($"{second.RunId}", false, fixture.Limit);

        Assert.Equal((RunStatus.Partial, RunStatus.Partial, RunStatus.Succeeded), (first.Status, second.Status, third.Status));
        Assert.Equal([Refused(SyncFixture.Early), Refused(SyncFixture.Early)], kept);
        Assert.Equal("Ann|-5|-5.0|f|b", await fixture.RowAsync("select name, commission, tree_seed, ic_front, ic_back from agent"));
    }

    [Fact]
    public async Task A_newer_version_that_Bubble_sends_meanwhile_is_the_one_that_is_kept()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Rule);
        fixture.Put("agent", Refused(SyncFixture.Early));
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            if (request.Kind == RequestKind.List && request.Constraints.Contains("_id", StringComparison.Ordinal))
                fixture.Put("agent", Refused(SyncFixture.Late));
            return Task.CompletedTask;
        };

        await fixture.ResyncAsync("agent");

        Assert.Equal([Refused(SyncFixture.Late)], await fixture.RowsAsync(Raw));
    }

    [Fact]
    public async Task What_a_run_rebuilt_before_it_stopped_at_its_limit_is_known_as_rebuilt()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Rule);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\", \"Commission\": -5"));
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            if (request.Kind == RequestKind.List && request.Constraints.Contains("_id", StringComparison.Ordinal))
                fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));
            return Task.CompletedTask;
        };

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = new Limit(0, false) });

        Assert.Equal((RunStatus.Failed, ErrorCode.TooManyRejects), (report.Status, Assert.Single(report.Errors).Code));
        Assert.Equal("true", await fixture.RowAsync("select is_rebuilt from bubblesync.rejected_record"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_record_that_Bubble_does_not_send_again_is_rebuilt_from_its_columns_and_says_so(bool isGone)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync(Rule);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\", \"Commission\": -5, \"Slug\": null"));
        fixture.Bubble.Traffic.OnRequest = request =>
        {
            if (request.Kind != RequestKind.List || !request.Constraints.Contains("_id", StringComparison.Ordinal))
                return Task.CompletedTask;

            fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));
            return isGone ? Task.CompletedTask : throw new InvalidOperationException("broken");
        };
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxAttempts = 1, PatienceSeconds = 0 } };

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Partial, 1L), (report.Status, report.Entities[0].Rejected));
        const string Kept = "from (select raw::jsonb as raw, reason from bubblesync.rejected_record) r";
        Assert.Equal("Ann|-5|true", await fixture.RowAsync($"select raw ->> 'Name', raw ->> 'Commission', raw -> 'Slug' = 'null' {Kept}"));
        Assert.EndsWith("rebuilt from its mapped columns", await fixture.ScalarAsync<string>($"select reason {Kept}"), StringComparison.Ordinal);

        await fixture.ExecuteAsync("alter table agent drop constraint paid");
        var again = await fixture.Engine().ReprocessAsync("last", force: false, CancellationToken.None);
        Assert.Equal((RunStatus.Succeeded, 0L), (again.Status, again.Entities[0].Extracted));
        Assert.Contains(again.Warnings, w => w.StartsWith("agent: 1 of the records", StringComparison.Ordinal)
            && w.Contains("A resync of agent reads them again", StringComparison.Ordinal));
        Assert.Equal(["agent"], Assert.Single(again.NextActions, a => a.Kind == NextActionKind.ResyncEntities).Entities);
    }

    [Fact]
    public async Task Many_are_asked_for_a_hundred_at_a_time_and_pages_may_be_shorter()
    {
        const int Many = 130;
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).With(pageSize: 40);
        await fixture.ExecuteAsync(Rule);
        foreach (var number in Enumerable.Range(0, Many))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Commission\": {(number % 13 == 0 ? 1 : -1)}, \"Number\": {number}"));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((10L, 120L), (report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Equal(120, await fixture.ScalarAsync<long>("select count(distinct raw::jsonb ->> 'Number') from bubblesync.rejected_record"));
        Assert.Equal(0, await fixture.ScalarAsync<long>("select count(*) from bubblesync.rejected_record where reason like '%rebuilt%'"));
    }
}
