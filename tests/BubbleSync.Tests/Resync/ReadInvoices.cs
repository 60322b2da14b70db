using System.Globalization;
using System.Text.Json.Nodes;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>Invoices of an app with one fault.</summary>
internal static class ReadInvoices
{
    public static async Task<SyncFixture> OpenAsync(PostgresFixture postgres, string? fault, int invoices) =>
        (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = invoices, Faults = fault is null ? [] : [fault] })).WithPatches();

    // Ids, dates and amounts of all records; that every other field is right is another test's business.
    public static async Task SameAsBubbleAsync(SyncFixture fixture)
    {
        var stored = await fixture.RowsAsync("select bubble_id, modified_date, amount::text from invoice order by bubble_id");
        var expected = fixture.Bubble.Records.All("invoice").Select(text => JsonNode.Parse(text)!.AsObject())
            .Select(r =>
            {
                var modified = DateTimeOffset.Parse(r["Modified Date"]!.GetValue<string>(), CultureInfo.InvariantCulture);
                return $"{r["_id"]}|{modified:yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'}|{r["Amount"]?.ToJsonString() ?? "~"}";
            });
        Assert.Equal(expected.Distinct().Order(StringComparer.Ordinal), stored.Order(StringComparer.Ordinal));
    }

    public static string IdAt(SyncFixture fixture, int rank) => JsonNode.Parse(fixture.Bubble.Records.At("invoice", rank))!["_id"]!.GetValue<string>();
}
