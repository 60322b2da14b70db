using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;

namespace BubbleSync.Tests.Sync;

/// <summary>Invoices on both sides of the ends of a range.</summary>
internal static class RangeInvoices
{
    public const string Keys = "select bubble_id from invoice order by 1";
    public const string From = "2026-05-04T08:00:00.000Z";
    public const string To = "2026-05-05T17:30:00.500Z";

    // One millisecond before, on the first end, inside, on the last end, one millisecond after.
    public static readonly string[] Dates = ["2026-05-04T07:59:59.999Z", From, "2026-05-05T00:00:00.000Z", To, "2026-05-05T17:30:00.501Z"];

    public static async Task<SyncFixture> OpenAsync(PostgresFixture postgres, params string[] faults)
    {
        var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 0, Faults = faults });
        foreach (var (date, number) in Dates.Select((d, i) => (d, 10 + i)))
            fixture.Put("invoice", SyncFixture.Record(number, date, "\"Amount\": 1"));
        return fixture;
    }
}
