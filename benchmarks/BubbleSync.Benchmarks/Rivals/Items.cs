using System.Globalization;
using System.Text.Json.Nodes;
using BubbleSync.Simulator;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary>Invoice items, in the form in which each way begins: as Bubble sends them, in pages of a hundred, and as finished objects.</summary>
internal sealed record Items(IReadOnlyList<string> Records, IReadOnlyList<byte[]> Pages, IReadOnlyList<ItemRow> Rows)
{
    public const string Entity = "invoice_item";

    private const int OneInTen = 10;

    /// <summary>Makes so many of the simulator's.</summary>
    public static async Task<Items> MakeAsync(int count)
    {
        // An invoice has three items or more on average.
        await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions { Invoices = (count / 3) + 10 }, CancellationToken.None);
        List<string> records = [.. simulator.Records.All(Entity).Take(count)];
        return records.Count == count ? Of(records) : throw new InvalidOperationException($"The simulator made {records.Count} items instead of {count}.");
    }

    /// <summary>Makes them of records as Bubble sends them.</summary>
    public static Items Of(IReadOnlyList<string> records)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        return new(records, [.. records.Chunk(PageSource.Size).Select(PageSource.Body)], [.. records.Select(r => ItemRow.Of(r, now))]);
    }

    /// <summary>The same, every tenth of them with another description and a later Modified Date.</summary>
    public Items Changed() => Of([.. Records.Select((record, place) => place % OneInTen == 0 ? Change(record) : record)]);

    private static string Change(string record)
    {
        var fields = JsonNode.Parse(record)!.AsObject();
        fields["DESCRIPTION"] = "changed";
        fields["Modified Date"] = fields["Modified Date"]!.GetValue<DateTimeOffset>().AddDays(1)
            .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        return fields.ToJsonString();
    }
}
