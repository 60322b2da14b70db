using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;
using Xunit;
using static BubbleSync.Tests.Sync.Invoices;
using static BubbleSync.Tests.Sync.RangeInvoices;

namespace BubbleSync.Tests.Sync;

/// <summary>The command <c>sync range</c>: its dates, its output and its record in the history.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class RangeCommandTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_range_of_which_every_invoice_fails_is_failed_and_not_partial()
    {
        await using var fixture = await OpenAsync(postgres);
        foreach (var number in Enumerable.Range(11, 3))
            fixture.Put("invoice", SyncFixture.Record(number, Dates[2], "\"Amount\": \"much\""));

        var report = await fixture.RangeAsync(Dates[2], Dates[2]);
        var said = await Bubblesync.RunAsync(fixture, "sync", "range", "--from", Dates[2], "--to", Dates[2]);

        Assert.Equal((RunStatus.Failed, 3, 1), (report.Run.Status, report.Results.Failed, said.Code));
    }

    [Fact]
    public async Task What_stops_a_run_is_told_once_and_not_for_each_invoice()
    {
        await using var fixture = await OpenAsync(postgres);
        await fixture.ExecuteAsync("""
            create function keep_out() returns trigger language plpgsql as 'begin return null; end';
            create trigger keep_out before insert on invoice for each row execute function keep_out()
            """);

        var report = await fixture.RangeAsync(From, To);

        Assert.Equal((RunStatus.Failed, 3, 3), (report.Run.Status, report.Results.Total, report.Results.Failed));
        var error = Assert.Single(report.Results.Errors);
        Assert.Equal(ErrorCode.RowsNotTaken, error.Code);
        var said = (await Bubblesync.RunAsync(fixture, "sync", "range", "--from", From, "--to", To)).Error;
        Assert.Equal(2, said.Split(error.Message).Length);
    }

    [Fact]
    public async Task Its_run_is_recorded()
    {
        await using var fixture = await OpenAsync(postgres);

        await fixture.RangeAsync(From, To);

        Assert.Equal("sync range|succeeded|2026-05-04T08:00:00.000Z|2026-05-05T17:30:00.500Z|false", await fixture.RowAsync("select kind, status, options ->> "
            + "'from', options ->> 'to', options ->> 'force' from bubblesync.run"));
        Assert.Empty(await fixture.StagingAsync());
    }

    [Fact]
    public async Task Its_JSON_has_the_agreed_shape()
    {
        await using var fixture = await OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(fixture, "sync", "range", "--from", From, "--to", To, "--output", "json");

        Assert.Equal((0, true), (outcome.Code, outcome.Json.GetProperty("success").GetBoolean()));
        Assert.Equal("""{"total":3,"synced":3,"skipped":0,"failed":0,"errors":[]}""", System.Text.Json.JsonSerializer.Serialize(
            outcome.Json.GetProperty("results")));
    }

    [Theory]
    [InlineData("10 11", "--from", "2026-05-04", "--to", "2026-05-04")]
    [InlineData("10 11 12 13 14", "--from", "2026-05-04")]
    [InlineData("12 13 14", "--from", "2026-05-05")]
    [InlineData("11 12 13 14", "--from", "2026-05-04T10:00:00+02:00")]
    [InlineData("11 12", "--from", "2026-05-04T08:00Z", "--to", "2026-05-05 17:30:00")]
    [InlineData("13", "--from", "2026-05-05T17:30:00.500", "--to", "2026-05-05T17:30:00.5009Z")]
    public async Task A_day_is_the_whole_day_UTC_and_without_an_end_the_range_goes_on_until_now(string taken, params string[] words)
    {
        await using var fixture = await OpenAsync(postgres);
        fixture.Put("invoice", SyncFixture.Record(30, "2100-01-01T00:00:00.000Z"));
        fixture.Put("invoice", SyncFixture.Record(31, "2026-05-03T23:59:59.999Z"));

        var outcome = await Bubblesync.RunAsync(fixture, ["sync", "range", .. words]);

        Assert.Equal(0, outcome.Code);
        Assert.Equal(taken, string.Join(' ', (await fixture.RowsAsync(Keys)).Select(Number)));
        Assert.Contains($"{taken.Split(' ').Length} invoices in the range", outcome.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--to", "2026-05-04")]
    [InlineData("--from", "yesterday")]
    [InlineData("--from", "2026-13-01")]
    [InlineData("--from", "2026-02-30")]
    [InlineData("--from", "04/05/2026")]
    [InlineData("--from", "")]
    [InlineData("--from", "2026-05-05", "--to", "2026-05-04")]
    [InlineData("--from", "2026-05-04", "--to", "soon")]
    [InlineData("--from", "2100-01-01")]
    public async Task Wrong_dates_end_with_2_and_ask_nothing(params string[] words)
    {
        await using var fixture = await OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(fixture, ["sync", "range", .. words]);

        Assert.Equal(2, outcome.Code);
        Assert.NotEmpty(outcome.Error);
        Assert.DoesNotContain("   at ", outcome.All, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }
}
