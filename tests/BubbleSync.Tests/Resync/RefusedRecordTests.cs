using BubbleSync.Etl;
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
        Scene.Record(1, modified, """
            "Name": "Ann", "Commission": -5.0, "IC": {"front": "f", "back": "b", "else": [1.50]}, "Unmapped": {"x": 1e2}
            """);

    [Theory]
    [InlineData(Rule, "alter table agent drop constraint paid")]
    [InlineData("alter table agent alter slug set not null", "alter table agent alter slug drop not null")]
    public async Task All_of_it_survives_until_it_is_reprocessed_however_often_it_is_refused_meanwhile(string rule, string fix)
    {
        await using var scene = (await Scene.OpenAsync(postgres)).WithMap("agent", Map);
        await scene.ExecuteAsync(rule);
        scene.Put("agent", Refused(Scene.Early));
        var first = await scene.ResyncAsync("agent");
        var second = await scene.Engine().ReprocessAsync($"{first.RunId}", false, scene.Limit);
        var kept = await scene.RowsAsync(Raw);
        await scene.ExecuteAsync(fix);
        scene.Bubble.Records.Delete("agent", Scene.Id(1));

        var third = await scene.Engine().ReprocessAsync($"{second.RunId}", false, scene.Limit);

        Assert.Equal(("partial", "partial", "succeeded"), (first.Status, second.Status, third.Status));
        Assert.Equal([Refused(Scene.Early), Refused(Scene.Early)], kept);
        Assert.Equal("Ann|-5|-5.0|f|b", await scene.RowAsync("select name, commission, tree_seed, ic_front, ic_back from agent"));
    }

    [Fact]
    public async Task A_newer_version_that_Bubble_sends_meanwhile_is_the_one_that_is_kept()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(Rule);
        scene.Put("agent", Refused(Scene.Early));
        scene.Bubble.Traffic.OnRequest = request =>
        {
            if (request.Kind == RequestKind.List && request.Constraints.Contains("_id", StringComparison.Ordinal))
                scene.Put("agent", Refused(Scene.Late));
            return Task.CompletedTask;
        };

        await scene.ResyncAsync("agent");

        Assert.Equal([Refused(Scene.Late)], await scene.RowsAsync(Raw));
    }

    [Fact]
    public async Task What_a_run_rebuilt_before_it_stopped_at_its_limit_is_known_as_rebuilt()
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(Rule);
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Name\": \"Ann\", \"Commission\": -5"));
        scene.Bubble.Traffic.OnRequest = request =>
        {
            if (request.Kind == RequestKind.List && request.Constraints.Contains("_id", StringComparison.Ordinal))
                scene.Bubble.Records.Delete("agent", Scene.Id(1));
            return Task.CompletedTask;
        };

        var report = await scene.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxRejects = new Limit(0, false) });

        Assert.Equal(("failed", "too-many-rejects"), (report.Status, Assert.Single(report.Errors).Code));
        Assert.Equal("true", await scene.RowAsync("select is_rebuilt from bubblesync.rejected_record"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_record_that_Bubble_does_not_send_again_is_rebuilt_from_its_columns_and_says_so(bool isGone)
    {
        await using var scene = await Scene.OpenAsync(postgres);
        await scene.ExecuteAsync(Rule);
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Name\": \"Ann\", \"Commission\": -5, \"Slug\": null"));
        scene.Bubble.Traffic.OnRequest = request =>
        {
            if (request.Kind != RequestKind.List || !request.Constraints.Contains("_id", StringComparison.Ordinal))
                return Task.CompletedTask;

            scene.Bubble.Records.Delete("agent", Scene.Id(1));
            return isGone ? Task.CompletedTask : throw new InvalidOperationException("broken");
        };
        scene.Settings = scene.Settings with { Bubble = scene.Settings.Bubble with { MaxAttempts = 1, PatienceSeconds = 0 } };

        var report = await scene.ResyncAsync("agent");

        Assert.Equal(("partial", 1L), (report.Status, report.Entities[0].Rejected));
        const string Kept = "from (select raw::jsonb as raw, reason from bubblesync.rejected_record) r";
        Assert.Equal("Ann|-5|true", await scene.RowAsync($"select raw ->> 'Name', raw ->> 'Commission', raw -> 'Slug' = 'null' {Kept}"));
        Assert.EndsWith("rebuilt from its mapped columns", await scene.ScalarAsync<string>($"select reason {Kept}"), StringComparison.Ordinal);

        await scene.ExecuteAsync("alter table agent drop constraint paid");
        var again = await scene.Engine().ReprocessAsync("last", force: false, CancellationToken.None);
        Assert.Equal(("succeeded", 0L), (again.Status, again.Entities[0].Extracted));
        Assert.Contains(again.Warnings, w => w.StartsWith("agent: 1 of the records", StringComparison.Ordinal)
            && w.Contains("resync --entity agent", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_are_asked_for_a_hundred_at_a_time_and_pages_may_be_shorter()
    {
        const int Many = 130;
        await using var scene = (await Scene.OpenAsync(postgres)).With(pageSize: 40);
        await scene.ExecuteAsync(Rule);
        foreach (var number in Enumerable.Range(0, Many))
            scene.Put("agent", Scene.Record(number, Scene.Early, $"\"Commission\": {(number % 13 == 0 ? 1 : -1)}, \"Number\": {number}"));

        var report = await scene.ResyncAsync("agent");

        Assert.Equal((10L, 120L), (report.Entities[0].Inserted, report.Entities[0].Rejected));
        Assert.Equal(120, await scene.ScalarAsync<long>("select count(distinct raw::jsonb ->> 'Number') from bubblesync.rejected_record"));
        Assert.Equal(0, await scene.ScalarAsync<long>("select count(*) from bubblesync.rejected_record where reason like '%rebuilt%'"));
    }
}
