using System.Globalization;
using System.Text.Json;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Tests.Resync;

namespace BubbleSync.Tests.Sync;

/// <summary>Scenes for syncing invoices: an invoice with everything around it, and what the tables hold.</summary>
internal static class Invoices
{
    /// <summary>All that belongs to invoice 10, as <see cref="StoredAsync"/> names it.</summary>
    public static readonly string[] Family =
    [
        "agent 1", "customer 4", "invoice 10", "invoice_item 30", "invoice_item 31", "payment 20", "payment 21", "seda_registration 40", "submitted_payment 22",
        "user 2", "user 3",
    ];

    /// <summary>
    /// Invoice 10 with agent 1 and its login 2, customer 4, creator 3, payments 20 and 21, submitted payment 22, items 30 and 31, registration 40;
    /// behind these agent 9 and user 8, which only they name, and beside them payment 29 of invoice 11.
    /// </summary>
    public static void PutFamily(this SyncFixture fixture)
    {
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, $"\"Name\": \"A\", {Link("Linked User Login", 2)}"));
        fixture.Put("user", SyncFixture.Record(2, SyncFixture.Early, Link("Linked Agent Profile", 9)));
        fixture.Put("user", SyncFixture.Record(3, SyncFixture.Early));
        fixture.Put("Customer_Profile", SyncFixture.Record(4, SyncFixture.Early, $"{Link("Linked Agent", 9)}, {Link("Created By", 8)}"));
        fixture.Put("invoice", SyncFixture.Record(10, SyncFixture.Early, $"\"Amount\": 5, {Link("Linked Agent", 1)}, {Link("Linked Customer", 4)}, "
            + $"{Link("Created By", 3)}, {Links("Linked Payment", 20, 21, 22)}, {Links("Linked Invoice Item", 30, 31)}, "
            + $"{Link("Linked SEDA registration", 40)}"));
        fixture.Put("payment", SyncFixture.Record(20, SyncFixture.Early, $"\"Amount\": 1, {Link("Linked Invoice", 10)}"));
        fixture.Put("payment", SyncFixture.Record(21, SyncFixture.Early, $"\"Amount\": 2, {Link("Linked Agent", 9)}"));
        fixture.Put("submit_payment", SyncFixture.Record(22, SyncFixture.Early, $"\"Amount\": 3, {Link("Created By", 8)}"));
        fixture.Put("invoice_item", SyncFixture.Record(30, SyncFixture.Early, $"\"AMOUNT\": 4, {Link("Linked Invoice", 10)}"));
        fixture.Put("invoice_item", SyncFixture.Record(31, SyncFixture.Early, "\"AMOUNT\": 5"));
        fixture.Put("seda_registration", SyncFixture.Record(40, SyncFixture.Early, $"{Links("Linked Invoice", 10)}, {Link("Linked Customer", 4)}, "
            + $"{Link("Agent", 9)}"));
        fixture.Put("agent", SyncFixture.Record(9, SyncFixture.Early, "\"Name\": \"far\""));
        fixture.Put("user", SyncFixture.Record(8, SyncFixture.Early));
        fixture.Put("invoice", SyncFixture.Record(11, SyncFixture.Early));
        fixture.Put("payment", SyncFixture.Record(29, SyncFixture.Early, Link("Linked Invoice", 11)));
    }

    /// <summary>A field that names one record.</summary>
    public static string Link(string field, int number) => $"\"{field}\": \"{SyncFixture.Id(number)}\"";

    /// <summary>A field that names several.</summary>
    public static string Links(string field, params int[] numbers) => $"\"{field}\": [{string.Join(", ", numbers.Select(n => $"\"{SyncFixture.Id(n)}\""))}]";

    public static Task<InvoiceSyncReport> SyncAsync(this SyncFixture fixture, params int[] invoices) =>
        fixture.SyncAsync(new InvoiceSyncOptions(), invoices.Select(SyncFixture.Id));

    public static Task<InvoiceSyncReport> SyncAsync(this SyncFixture fixture, InvoiceSyncOptions options, IEnumerable<string> ids) =>
        fixture.Engine().SyncInvoicesAsync([.. ids], options, null, fixture.Limit);

    public static Task<RangeSyncReport> RangeAsync(this SyncFixture fixture, string from, string to, bool force = false) =>
        fixture.Engine().SyncRangeAsync(Moment(from), Moment(to), force, null, fixture.Limit);

    public static Task<RunReport> IncrementalAsync(this SyncFixture fixture, params string[] entities) =>
        fixture.Engine().SyncIncrementalAsync(new IncrementalOptions { Entities = entities }, null, fixture.Limit);

    public static DateTimeOffset Moment(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <summary>Every stored record as entity and number, sorted.</summary>
    public static async Task<List<string>> StoredAsync(this SyncFixture fixture)
    {
        var stored = new List<string>();
        foreach (var map in Maps.All)
            stored.AddRange((await fixture.RowsAsync($"select \"{map.Key}\" from \"{map.Table}\"")).Select(id => $"{map.Name} {Number(id)}"));
        return [.. stored.Order(StringComparer.Ordinal)];
    }

    /// <summary>What an id of <see cref="SyncFixture.Id"/> was made of.</summary>
    public static long Number(string id) =>
        long.Parse(id.Split('x')[1], CultureInfo.InvariantCulture) - long.Parse(SyncFixture.Id(0).Split('x')[1], CultureInfo.InvariantCulture);

    /// <summary>The ids of the first records of a type.</summary>
    public static List<string> Ids(this SyncFixture fixture, string type, int most) =>
        [
            .. fixture.Bubble.Records.All(type).Take(most)
                .Select(json => JsonDocument.Parse(json).RootElement).Where(r => r.TryGetProperty("_id", out _)).Select(r => r.GetProperty("_id").GetString()!),
        ];

    /// <summary>The steps of a result, those that failed with an exclamation mark.</summary>
    public static string Words(this InvoiceResult result) => string.Join(' ', result.Steps.Select(s => Word.Of(s.Action) + (s.Success ? "" : "!")));

    /// <summary>The trouble of a result, a line each.</summary>
    public static List<string> Troubles(this InvoiceResult result) =>
        [.. result.Errors.Select(e => $"{Word.Of(e.Severity)} {e.Entity} {Number(e.BubbleId)} {Word.Of(e.Code)}")];

    /// <summary>The counts of a result in the contract's order.</summary>
    public static string Words(this InvoiceStats s) =>
        string.Create(
            CultureInfo.InvariantCulture, $"{s.Agent} {s.Customer} {s.User} {s.Payments} {s.SubmittedPayments} {s.InvoiceItems} {s.Seda} {s.Invoice}");
}
