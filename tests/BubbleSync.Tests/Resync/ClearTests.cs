using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Sync;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>Where a map says that absent fields clear their columns: at most a fifth of a column's values goes in one run.</summary>
public sealed class ClearTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(4, 1, true)]
    [InlineData(9, 2, false)]
    [InlineData(10, 2, true)]
    [InlineData(10, 3, false)]
    [InlineData(10, 10, false)]
    public async Task At_most_a_fifth_of_the_values_of_a_column_is_cleared_and_one_always(int values, int emptied, bool isCleared)
    {
        await using var fixture = await SceneAsync(values);
        foreach (var number in Enumerable.Range(1, emptied))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Late, $"\"Name\": \"new {number}\", \"email\": \"e\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(isCleared ? values - emptied : values, await fixture.ScalarAsync<long>("select count(commission) from agent"));
        Assert.Equal(emptied, await fixture.ScalarAsync<long>("select count(*) from agent where name like 'new %'"));
        Assert.Equal(isCleared ? (RunStatus.Succeeded, 0L) : (RunStatus.Partial, emptied), (report.Status, report.Entities[0].AbsentKept));
        Assert.Equal(isCleared ? [] : [
            (SyncStage.Load, "agent", "Commission", ErrorCode.ClearRefused),
        ], report.Errors.Select(e => (e.Stage, e.Entity, e.Field, e.Code)));
    }

    [Fact]
    public async Task What_was_refused_is_counted_by_later_runs_as_kept()
    {
        await using var fixture = await SceneAsync(10);
        foreach (var number in Enumerable.Range(1, 3))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Late, $"\"Name\": \"new {number}\", \"email\": \"e\""));
        await fixture.ResyncAsync("agent");

        var later = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 3L), (later.Status, later.Entities[0].AbsentKept));
        var status = await fixture.Engine().StatusAsync(new StatusOptions { Entities = ["agent"] }, fixture.Limit);
        Assert.Contains(status.Entities[0].Findings, f => f is { Finding: StatusFindingKind.NotCleared, Light: StatusLight.Act });
        Assert.Contains(status.NextActions, a => a.Kind == NextActionKind.Verify);
        Assert.Contains(later.Warnings, w => w.StartsWith("agent: values kept here that Bubble no longer sends: 3", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_refused_is_named_with_its_numbers_and_kept_with_the_run()
    {
        await using var fixture = await SceneAsync(10);
        foreach (var number in Enumerable.Range(1, 3))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Late, "\"Name\": \"n\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(
            [new("email", "email", 3, 10), new ClearRefusal("commission", "Commission", 3, 10)],
            report.Entities[0].ClearRefused!.OrderByDescending(c => c.Column, StringComparer.Ordinal));
        var message = report.Errors.Single(e => e.Field == "Commission").Message;
        Assert.StartsWith(
            "agent: 'Commission' is absent from 3 records that have a value here, of 10 values in column 'commission', which was left as it is",
            message, StringComparison.Ordinal);
        Assert.Equal("2", await fixture.RowAsync($"select jsonb_array_length(clear_refused)::text from bubblesync.run_entity where run_id = '{report.RunId}'"));
    }

    [Fact]
    public async Task A_column_that_loses_too_much_is_left_alone_and_another_of_the_same_records_is_cleared()
    {
        await using var fixture = await SceneAsync(10);
        foreach (var number in Enumerable.Range(1, 3))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Late, number == 3 ? "\"email\": \"e\"" : ""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal("10|8", await fixture.RowAsync("select count(commission), count(email) from agent"));
        Assert.Equal(["Commission"], report.Errors.Select(e => e.Field));
    }

    [Fact]
    public async Task Nulls_that_Bubble_sends_and_rows_that_stay_as_they_are_do_not_count()
    {
        await using var fixture = await SceneAsync(10);
        foreach (var number in Enumerable.Range(1, 8))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Late, "\"Commission\": null, \"email\": \"e\""));
        fixture.Put("agent", SyncFixture.Record(9, SyncFixture.Early, "\"email\": \"e\""));
        fixture.Put("agent", SyncFixture.Record(10, SyncFixture.Late, "\"email\": \"e\""));
        await fixture.ExecuteAsync($"update agent set updated_at = now() + interval '1 hour' where bubble_id = '{SyncFixture.Id(10)}'");

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 2L), (report.Status, await fixture.ScalarAsync<long>("select count(commission) from agent")));
    }

    [Fact]
    public async Task A_sync_of_single_records_is_held_to_the_values_of_the_whole_table()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.WithMap("invoice", Clearing);
        foreach (var number in Enumerable.Range(1, 10))
            fixture.Put("invoice", SyncFixture.Record(number, SyncFixture.Early, "\"Amount\": 5"));
        await fixture.ResyncAsync("invoice");
        foreach (var number in Enumerable.Range(1, 3))
            fixture.Put("invoice", SyncFixture.Record(number, SyncFixture.Late));

        var refused = await fixture.SyncAsync(1, 2, 3);
        var kept = await fixture.ScalarAsync<long>("select count(amount) from invoice");
        fixture.Put("invoice", SyncFixture.Record(4, "2026-05-01T00:00:00.000Z"));
        fixture.Put("invoice", SyncFixture.Record(5, "2026-05-01T00:00:00.000Z"));
        var cleared = await fixture.SyncAsync(4, 5);

        Assert.Equal((RunStatus.Partial, false, 10L), (refused.Run.Status, refused.Success, kept));
        Assert.Contains(refused.Run.Errors, e => e is { Code: ErrorCode.ClearRefused, Field: "Amount" });
        Assert.Equal((RunStatus.Succeeded, 8L), (cleared.Run.Status, await fixture.ScalarAsync<long>("select count(amount) from invoice")));
    }

    [Fact]
    public async Task A_comparison_calls_a_column_that_should_be_cleared_different()
    {
        await using var fixture = await SceneAsync(2);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"n\", \"email\": \"e\""));

        var report = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit);

        Assert.Equal([$"differs {SyncFixture.Id(1)} commission"], report.Differences.Select(d => $"{Word.Of(d.Verdict)} {d.BubbleId} {d.Column}"));
        Assert.Equal(0, report.Entities[0].AbsentKept);
    }

    private async Task<SyncFixture> SceneAsync(int records)
    {
        var fixture = (await SyncFixture.OpenAsync(postgres)).WithMap("agent", Clearing);
        foreach (var number in Enumerable.Range(1, records))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, "\"Name\": \"n\", \"Commission\": 5, \"email\": \"e\""));
        await fixture.ResyncAsync("agent");
        return fixture;
    }

    private static string Clearing(string map) => map.Replace("\"level\": ", "\"absent\": \"clear\", \"level\": ", StringComparison.Ordinal)
        .Replace("\"from\": \"Name\" }", "\"from\": \"Name\", \"absent\": \"keep\" }", StringComparison.Ordinal);
}
