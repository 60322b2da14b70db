using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Compare;

/// <summary><c>preview</c> and <c>plan</c> before anything is there: no table, no database.</summary>
public sealed class PreviewTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Map = """
        {
          "name": "thing", "bubbleType": "thing", "table": "thing", "key": "bubble_id",
          "fields": [
            { "column": "bubble_id", "type": "text", "from": "_id" },
            { "column": "modified_date", "type": "timestamptz", "from": "Modified Date" },
            { "column": "name", "type": "text", "from": "Name" },
            { "column": "tags", "type": "text[]", "from": "Tags" },
            { "column": "amount", "type": "numeric", "from": "Amount" },
            { "column": "pieces", "type": "integer", "from": "Pieces" },
            { "column": "done", "type": "boolean", "from": "Done" },
            { "column": "place", "type": "jsonb", "from": "Place" },
            { "column": "photo", "type": "url", "from": "Photo" }
          ]
        }
        """;

    private static readonly string[] Numbers =
        ["0", "0.00", "-12.50", "1e-7", "123456789012345678901234567890.010", "10000", "99990000", "0.00010000", "1e20", "-1.0e-3", "10000.0001"];

    [Fact]
    public async Task Records_are_shown_as_they_will_be_stored_and_nothing_is_written()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, tables: false)).WithMaps(("thing.json", _ => Map));
        foreach (var (index, number) in Numbers.Index())
            fixture.Put("thing", SyncFixture.Record(index + 1, SyncFixture.Late, $"\"Amount\": {number}"));
        fixture.Put("thing", SyncFixture.Record(50, SyncFixture.Late, "\"Name\": \"a \\\"b\\\"\", \"Tags\": [\"x\", \"y,z\"], \"Pieces\": 12.0, "
            + "\"Done\": \"yes\", \"Place\": {\"lat\": 3.10}, \"Photo\": \"//s3/x.png\", \"Amount\": null, \"Colour\": \"red\"",
            created: "2026-02-03T00:00:00.000Z"));
        fixture.Put("thing", SyncFixture.Record(51, SyncFixture.Late, "\"Name\": \"c\", \"Pieces\": 1.5", created: "2026-02-02T00:00:00.000Z"));

        var preview = await fixture.Engine().PreviewAsync("thing", 100, fixture.Limit);
        var offline = new SyncEngine(fixture.Settings with { Postgres = new() });
        var first = Assert.Single((await offline.PreviewAsync("thing", 1, fixture.Limit)).Records);

        Assert.Equal(SyncFixture.Id(50), preview.Records[0].BubbleId);
        Assert.Equal(
            [
                $"bubble_id={SyncFixture.Id(50)}", "modified_date=2026-04-01T09:30:00.25Z", "name=a \"b\"", "tags=[\"x\",\"y,z\"]", "amount=NULL", "pieces=12",
                "done=true", "place={\"lat\":3.10}", "photo=https://s3/x.png",
            ],
            preview.Records[0].Values.Select(v => $"{v.Key}={v.Value ?? "NULL"}"));
        Assert.Equal(preview.Records[0].Values, first.Values);
        var rejected = Assert.Single(preview.Records, r => r.Rejected.Count > 0);
        Assert.Equal((SyncFixture.Id(51), "Pieces", "c"), (rejected.BubbleId, rejected.Rejected[0].BubbleField, rejected.Values["name"]));
        Assert.DoesNotContain("photo", rejected.Values.Keys);
        Assert.Contains("thing: fields that Bubble sends and no map names: 'Colour' (1).", preview.Warnings);
        Assert.Contains("Tables that do not exist yet are taken as their maps describe them: thing.", preview.Warnings);
        Assert.Empty(await fixture.RowsAsync("select nspname from pg_namespace where nspname like 'bubblesync%'"));

        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        await fixture.ResyncAsync("thing");
        Assert.Equal(
            await fixture.RowsAsync("select bubble_id, amount::text from thing where amount is not null order by bubble_id"),
            preview.Records.Where(r => r.Values.GetValueOrDefault("amount") is not null).Select(r => $"{r.BubbleId}|{r.Values["amount"]}")
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_program_previews_and_plans_without_a_database_and_says_what_a_resync_costs()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 }, tables: false);
        var home = fixture.Folder([]);
        // Without a value the variable is not set.
        var none = new Dictionary<string, string> { ["BUBBLESYNC_Postgres__ConnectionString"] = null!, ["BUBBLESYNC_HOME"] = home };
        fixture.Settings = fixture.Settings with { Prices = new PriceSettings { Currency = "USD", PerUnit = 0.3m } };

        var preview = await Bubblesync.RunAsync(fixture, [], none, "preview", "invoice", "--rows", "2");
        var plan = await Bubblesync.RunAsync(
            fixture, [("Prices__Currency", "USD"), ("Prices__PerUnit", "0.3")], none, "plan", "--entity", "agent");
        var report = await fixture.Engine().PlanAsync(["agent"], fixture.Limit);

        Assert.True((preview.Code, plan.Code) == (0, 0), preview.All + plan.All);
        Assert.Contains("record 2 of 2: ", preview.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was written.", preview.Output, StringComparison.Ordinal);
        Assert.Equal(("USD", Math.Round(report.WorkloadUnits * 0.3m, 4)), (report.Currency, report.Price!.Value));
        Assert.Contains("price in USD", plan.Output, StringComparison.Ordinal);
        Assert.Matches(@"workload units for [0-9.]+ USD\.", plan.Output);
        Assert.Contains("Tables that do not exist yet are taken as their maps describe them: agent.", plan.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(home));
    }
}
