using System.Globalization;
using System.Text.Json;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>The library in a host of another culture: what it sends, stores and says is the same.</summary>
public sealed class CultureTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    // The tests know no cultures of the system, so that these are made: what Danish, Persian and Norwegian hosts have.
    public static TheoryData<string, string, string> Cultures => new() { { ".", ",", "-" }, { ":", "/", "\u2212" }, { ".", ".", "\u2212" } };

    [Theory]
    [MemberData(nameof(Cultures))]
    public async Task What_is_asked_stored_and_reported_is_the_same_in_every_culture(string timeSeparator, string decimalSeparator, string negativeSign)
    {
        var (asked, json, rows) = await RunAsync(CultureInfo.InvariantCulture);
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (culture.DateTimeFormat.TimeSeparator, culture.DateTimeFormat.DateSeparator) = (timeSeparator, timeSeparator);
        (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NegativeSign) = (decimalSeparator, negativeSign);

        var (askedThere, jsonThere, rowsThere) = await RunAsync(culture);

        Assert.Equal(asked, askedThere);
        Assert.Equal(rows, rowsThere);
        Assert.Equal(json, jsonThere);
    }

    private async Task<(IReadOnlyList<string> Asked, IReadOnlyList<string> Json, IReadOnlyList<string> Rows)> RunAsync(CultureInfo culture)
    {
        await using var scene = await Scene.OpenAsync(postgres);
        scene.Put("agent", Scene.Record(1, Scene.Early, "\"Current Annual Sales\": -12.5, \"Annual Collection\": \"-0.25\""));
        scene.Put("agent", Scene.Record(2, Scene.Late, "\"Commission\": \"many\""));
        scene.Put("invoice", Scene.Record(3, Scene.Late, "\"Amount\": -1.5"));
        var asked = new List<string>();
        scene.Bubble.Traffic.OnRequest = request =>
        {
            lock (asked)
                asked.Add(request.Constraints);
            return Task.CompletedTask;
        };

        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = culture;
        try
        {
            var from = DateTimeOffset.Parse("2026-04-01T00:00:00Z", CultureInfo.InvariantCulture);
            var range = await scene.Engine().SyncRangeAsync(from, from.AddDays(1), false, null, scene.Limit);
            var report = await scene.ResyncAsync("agent");
            var rows = await scene.RowsAsync("select bubble_id, current_annual_sales, annual_collection, modified_date from agent order by 1");
            Assert.Same(culture, CultureInfo.CurrentCulture);
            // Times of the run itself differ from run to run; how they are written must not.
            using var document = JsonDocument.Parse(report.ToJson());
            Assert.EndsWith("Z", document.RootElement.GetProperty("startedAt").GetString(), StringComparison.Ordinal);
            Assert.True(document.RootElement.GetProperty("startedAt").GetDateTimeOffset().Year > 2000);
            var json = range.ToJson();
            return (
                [.. asked.Where(a => a.Contains("Modified Date", StringComparison.Ordinal)).Take(1)],
                [json[..json.IndexOf("\"run\"", StringComparison.Ordinal)], .. report.Errors.Select(e => e.Message)],
                rows);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
