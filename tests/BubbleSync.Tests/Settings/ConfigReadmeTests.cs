using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Settings;

/// <summary>What <c>config/README.md</c> tells to do works when it is done.</summary>
public sealed class ConfigReadmeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly string Readme = ReadmeText.All["config/README.md"];
    private static readonly IReadOnlyList<string> Json = ReadmeText.Blocks(Readme, "json");
    private static readonly IReadOnlyList<string> Sql = ReadmeText.Blocks(Readme, "sql");

    [Fact]
    public async Task A_field_is_a_line_in_the_map_and_one_in_the_table()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        fixture.WithMap("invoice", map => map.Replace("\"fields\": [", $"\"fields\": [ {Json[0]},", StringComparison.Ordinal))
            .WithTable("invoice", table => table.Replace("\n  -- From Bubble", $"\n{Sql[0]}\n  -- From Bubble", StringComparison.Ordinal));
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, "\"Reject Reason\": \"too dear\""));

        await fixture.ResyncAsync("invoice");

        Assert.Equal("too dear", await fixture.ScalarAsync<string>("select reject_reason from invoice"));
    }

    [Fact]
    public async Task An_entity_is_a_file_and_its_table_another()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        fixture.WithMaps(("warranty.json", _ => Json[1])).WithTable("warranty", _ => Sql[1]);
        var made = await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        fixture.Put("warranty", SyncFixture.Record(1, SyncFixture.Early, $"\"Linked Invoice\": \"{SyncFixture.Id(2)}\""));
        fixture.Put("invoice", SyncFixture.Record(2, SyncFixture.Early));

        var report = await fixture.ResyncAsync("warranty", "invoice");

        Assert.Contains("warranty", made);
        Assert.Equal((RunStatus.Succeeded, 0L), (report.Status, report.Entities.Single(e => e.Name == "warranty").MissingLinks));
        Assert.Equal($"{SyncFixture.Id(2)}|2026-03-01T08:00:00Z", await fixture.RowAsync("select linked_invoice, modified_date from warranty"));
    }

    [Fact]
    public async Task A_patch_is_a_file()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(("060-payment-customer", Sql[2]));
        await fixture.ExecuteAsync(
            "insert into invoice (bubble_id, linked_customer) values ('1x1', '2x2'); insert into payment (bubble_id, linked_invoice) values ('3x3', '1x1')");

        var first = await fixture.Engine().PatchAsync(["060"], fixture.Limit);
        var second = await fixture.Engine().PatchAsync(["060-payment-customer"], fixture.Limit);

        Assert.Equal(((PatchStatus.Succeeded, 1L), (PatchStatus.Succeeded, 0L)),
            ((first.Patches[0].Status, first.Patches[0].Rows), (second.Patches[0].Status, second.Patches[0].Rows)));
        Assert.Equal("2x2", await fixture.ScalarAsync<string>("select linked_customer from payment"));
    }
}
