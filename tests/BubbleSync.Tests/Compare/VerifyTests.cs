using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Compare;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary><c>verify</c> names exactly what differs, and changes nothing.</summary>
public sealed class VerifyTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Middle = "2026-03-15T00:00:00.000Z";

    [Fact]
    public async Task A_resync_of_generated_data_leaves_nothing_that_differs()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new() { Invoices = 60 });
        await fixture.ResyncAsync();
        var before = await fixture.SnapshotAsync();

        var report = await VerifyAsync(fixture);

        Assert.Equal([], report.Differences.Select(Text));
        Assert.True(report.Success);
        Assert.All(report.Entities, e =>
            Assert.Equal((fixture.Bubble.Records.Count(Maps.Of(e.Name).Type), e.Compared, true), (e.Compared, e.Equal, e.Proof!.IsComplete)));
        Assert.Equal(before, await fixture.SnapshotAsync());
        Assert.Empty(await fixture.StagingAsync());
    }

    [Fact]
    public async Task Each_kind_of_difference_is_named_and_nothing_else()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await PlantAsync(fixture);
        var before = await fixture.SnapshotAsync();

        var report = await VerifyAsync(fixture, "agent");

        Assert.Equal(
            [
                $"differs|{SyncFixture.Id(5)}|Commission|commission", $"differs|{SyncFixture.Id(5)}|Name|name", $"extra|{SyncFixture.Id(2)}||",
                $"missing|{SyncFixture.Id(1)}||", $"newer|{SyncFixture.Id(4)}|Modified Date|modified_date",
                $"older|{SyncFixture.Id(3)}|Modified Date|modified_date", $"older|{SyncFixture.Id(8)}|Modified Date|modified_date",
                $"rejected|{SyncFixture.Id(7)}|Commission|commission",
            ],
            report.Differences.Select(Text).Order(StringComparer.Ordinal));
        Assert.Equal(report.Differences.OrderBy(d => d.BubbleId, StringComparer.Ordinal)
            .ThenBy(d => d.BubbleField, StringComparer.Ordinal), report.Differences);
        var entity = Assert.Single(report.Entities);
        Assert.Equal((8L, 2L, 1L, 1L, 2L, 1L, 1L, 1L),
            (entity.Compared, entity.Equal, entity.Missing, entity.Extra, entity.Older, entity.Newer, entity.Differs, entity.Rejected));
        Assert.False(report.Success);
        Assert.Equal(before, await fixture.SnapshotAsync());
    }

    [Fact]
    public async Task What_a_patch_completed_is_no_difference()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("user", SyncFixture.Record(9, SyncFixture.Early, $"\"Linked Agent Profile\": \"{SyncFixture.Id(8)}\""));
        fixture.Put("agent", SyncFixture.Record(8, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, $"\"Linked Invoice Item\": [\"{SyncFixture.Id(3)}\"], \"Linked SEDA registration\": "
            + $"null, \"Created By\": null, \"Linked Agent\": \"{SyncFixture.Id(8)}\""));
        fixture.Put("invoice", SyncFixture.Record(5, SyncFixture.Early, "\"Linked SEDA registration\": \"\\u2003 \", \"Linked Payment\": null"));
        fixture.Put("invoice_item", SyncFixture.Record(3, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(1)}\""));
        fixture.Put("invoice_item", SyncFixture.Record(4, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(1)}\""));
        fixture.Put("payment", SyncFixture.Record(6, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(5)}\""));
        fixture.Put("seda_registration", SyncFixture.Record(2, SyncFixture.Early, $"\"Linked Invoice\": [\"{SyncFixture.Id(1)}\", \"{SyncFixture.Id(5)}\"]"));
        await fixture.ResyncAsync();

        var report = await VerifyAsync(fixture);

        Assert.Equal([], report.Differences.Select(Text));
        Assert.Equal(
            [$"{SyncFixture.Id(2)}|{SyncFixture.Id(9)}|{{{SyncFixture.Id(3)},{SyncFixture.Id(4)}}}|~", $"{SyncFixture.Id(2)}|~|~|{{{SyncFixture.Id(6)}}}"],
            await fixture.RowsAsync("select linked_seda_registration, created_by, linked_invoice_item, linked_payment from invoice order by bubble_id"));
    }

    [Fact]
    public async Task A_list_that_lacks_an_item_of_Bubbles_and_a_link_that_names_another_differ()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, "\"Linked Payment\": [\"1x1\", \"1x2\"], \"Linked Customer\": \"1x3\", \"Linked "
            + "Agent\": \"1x4\""));
        await fixture.ResyncAsync("invoice");
        await fixture.ExecuteAsync("update invoice set linked_payment = '{1x1}', linked_customer = '1x9', linked_agent = null");

        var report = await VerifyAsync(fixture, "invoice");

        Assert.Equal(["Linked Agent", "Linked Customer", "Linked Payment"], report.Differences.Select(d => d.BubbleField));
    }

    [Fact]
    public async Task A_link_held_back_by_a_foreign_key_is_no_difference()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table payment add constraint payment_invoice foreign key (linked_invoice) references invoice (bubble_id)");
        fixture.Put("payment", SyncFixture.Record(1, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(2)}\""));
        await fixture.ResyncAsync();

        var held = await VerifyAsync(fixture);
        await fixture.ExecuteAsync("delete from bubblesync.held_link");
        var lost = await VerifyAsync(fixture);

        Assert.True(held.Success);
        Assert.Equal([$"differs|{SyncFixture.Id(1)}|Linked Invoice|linked_invoice"], lost.Differences.Select(Text));
    }

    [Fact]
    public async Task Since_a_moment_only_what_was_modified_then_is_compared()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await PlantAsync(fixture);

        var report = await fixture.Engine()
            .VerifyAsync(new VerifyOptions { Entities = ["agent"], Since = DateTimeOffset.Parse("2026-03-20T00:00:00Z", null) }, null, fixture.Limit);

        Assert.Equal([$"older|{SyncFixture.Id(3)}|Modified Date|modified_date", $"older|{SyncFixture.Id(8)}|Modified "
            + "Date|modified_date"], report.Differences.Select(Text));
        Assert.Equal((2L, false), (report.Entities[0].Compared, report.Entities[0].Proof!.IsComplete));
        Assert.Equal("what was modified since 2026-03-20T00:00:00.000Z", report.Entities[0].Proof!.Part);
        Assert.Empty(report.Entities[0].Proof!.Issues);
    }

    [Fact]
    public async Task A_moment_finer_than_Bubbles_clock_takes_what_lies_on_its_millisecond()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, "2026-03-01T08:00:00.123Z"));
        await fixture.ResyncAsync("agent");

        var report = await fixture.Engine()
            .VerifyAsync(new VerifyOptions { Entities = ["agent"], Since = DateTimeOffset.Parse("2026-03-01T08:00:00.1235Z", null) }, null, fixture.Limit);

        Assert.Equal((true, 1L), (report.Success, report.Entities[0].Compared));
    }

    [Fact]
    public async Task The_program_says_it_with_its_exit_code_as_text_CSV_and_JSON_the_same_each_time()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await PlantAsync(fixture);
        var folder = fixture.Folder([]);
        string[] files = [Path.Combine(folder, "one.csv"), Path.Combine(folder, "two.csv")];

        var text = await Bubblesync.RunAsync(fixture, "verify", "--entity", "agent", "--csv", files[0]);
        var json = await Bubblesync.RunAsync(fixture, "verify", "--entity", "agent", "--csv", files[1], "--output", "json");
        var equal = await Bubblesync.RunAsync(fixture, "verify", "--entity", "customer");

        Assert.Equal((1, 1, 0), (text.Code, json.Code, equal.Code));
        Assert.Equal(await File.ReadAllBytesAsync(files[0], fixture.Limit), await File.ReadAllBytesAsync(files[1], fixture.Limit));
        Assert.Equal(
            ["entity,bubble_id,verdict,bubble_field,column,bubble,stored", $"agent,{SyncFixture.Id(1)},missing,,,,"], File.ReadLines(files[0]).Take(2));
        Assert.Contains($"agent,{SyncFixture.Id(5)},differs,Commission,commission,5,", File.ReadLines(files[0]));
        Assert.Contains($"differs: agent {SyncFixture.Id(5)}: 'Commission' in commission", text.Output, StringComparison.Ordinal);
        Assert.Equal((false, 8, 8), (json.Json.GetProperty("success")
            .GetBoolean(), json.Json.GetProperty("differences").GetArrayLength(), json.Json.GetProperty("entities")[0].GetProperty("compared").GetInt32()));
        Assert.Equal("verify", await fixture.ScalarAsync<string>("select kind from bubblesync.run where run_id = "
            + $"'{json.Json.GetProperty("runId").GetString()}'"));
    }

    [Fact]
    public async Task A_comparison_whose_session_is_gone_ends_without_a_failure_of_its_own()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var run = await ReadAsync(fixture);
        await fixture.RowsAsync("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'a comparison'");

        // The first time the session is found to be gone, the second time that is known.
        await run.DisposeAsync();
        await run.DisposeAsync();
    }

    [Fact]
    public async Task A_source_that_is_gone_stops_it_and_leaves_no_staging()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxAttempts = 1, PatienceSeconds = 0 } };
        await fixture.Bubble.DisposeAsync();

        var outcome = await VerifyAsync(fixture, "agent");

        Assert.Equal((RunStatus.Failed, false), (outcome.Run.Status, outcome.Success));
        Assert.Empty(await fixture.StagingAsync());
    }

    private static async Task<ComparisonRun> ReadAsync(SyncFixture fixture)
    {
        await using var target = await SyncTarget.OpenAsync(fixture.Settings, "a comparison", NullLogger.Instance, fixture.Limit);
        await target.EnsureControlTablesAsync(fixture.Limit);
        var journal = target.Journal(Guid.NewGuid());
        await journal.StartAsync(RunKind.Verify, new VerifyOptions(), fixture.Clock.GetUtcNow(), fixture.Limit);
        using var bubble = new BubbleConnection(fixture.Settings.Bubble, fixture.Clock, NullLogger.Instance, handler: null);
        ResolvePlans resolve = (_, _) => Task.FromResult(target.Plan(["agent", "user"]).Entities);
        await using var runLock = await RunLock.TakeAsync(target.Database, journal.RunId, [], "run it again", fixture.Limit);
        var run = new ComparisonRun(fixture.Settings, new ComparisonScope(null, null), bubble, target.Database, runLock, resolve, journal, fixture.Clock);
        await run.RunAsync(_ => Task.CompletedTask, fixture.Limit);
        return run;
    }

    // 1 missing, 2 extra, 3 older, 4 newer, 5 two columns changed here, 6 equal but for a column of ours, 7 does not convert any more, 8 changed on both sides,
    // 9 equal.
    private static async Task PlantAsync(SyncFixture fixture)
    {
        foreach (var number in new[] { 2, 3, 4, 5, 6, 7, 8, 9 })
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, "\"Name\": \"Ann\", \"Commission\": 5"));
        await fixture.ExecuteAsync("alter table agent add column local_note text");
        await fixture.ResyncAsync("agent");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(2));
        fixture.Put("agent", SyncFixture.Record(3, SyncFixture.Late, "\"Name\": \"Ann\", \"Commission\": 5"));
        fixture.Put("agent", SyncFixture.Record(7, SyncFixture.Early, "\"Name\": \"Ann\", \"Commission\": \"five\""));
        fixture.Put("agent", SyncFixture.Record(8, SyncFixture.Late, "\"Name\": \"Bubble\""));
        await fixture.ExecuteAsync($"update agent set modified_date = '{Middle}' where bubble_id = '{SyncFixture.Id(4)}'");
        await fixture.ExecuteAsync($"update agent set name = 'Bob', commission = null where bubble_id = '{SyncFixture.Id(5)}'");
        await fixture.ExecuteAsync($"update agent set local_note = 'ours' where bubble_id = '{SyncFixture.Id(6)}'");
        await fixture.ExecuteAsync($"update agent set name = 'here', updated_at = now() where bubble_id = '{SyncFixture.Id(8)}'");
        await fixture.ExecuteAsync("insert into agent (bubble_id, name) values ('local-1', 'ours alone')");
    }

    private static Task<VerifyReport> VerifyAsync(SyncFixture fixture, params string[] entities) =>
        fixture.Engine().VerifyAsync(new VerifyOptions { Entities = entities }, null, fixture.Limit);

    private static string Text(VerifiedDifference difference) =>
        $"{Word.Of(difference.Verdict)}|{difference.BubbleId}|{difference.BubbleField}|{difference.Column}";
}
