using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Config;

/// <summary>What <c>config/README.md</c> tells to do works when it is done.</summary>
public sealed class ConfigReadmeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly string Readme = ReadmeText.All["config/README.md"];
    private static readonly IReadOnlyList<string> Json = ReadmeText.Blocks(Readme, "json");
    private static readonly IReadOnlyList<string> Sql = ReadmeText.Blocks(Readme, "sql");

    [Fact]
    public async Task A_field_is_a_line_in_the_map_and_one_in_the_table()
    {
        await using var scene = await Scene.OpenAsync(postgres, tables: false);
        scene.WithMap("invoice", map => map.Replace("\"fields\": [", $"\"fields\": [ {Json[0]},", StringComparison.Ordinal))
            .WithTable("invoice", table => table.Replace("\n  -- From Bubble", $"\n{Sql[0]}\n  -- From Bubble", StringComparison.Ordinal));
        await scene.Engine().ApplySchemaAsync(scene.Limit);
        scene.Put("invoice", Scene.Record(1, Scene.Early, "\"Reject Reason\": \"too dear\""));

        await scene.ResyncAsync("invoice");

        Assert.Equal("too dear", await scene.ScalarAsync<string>("select reject_reason from invoice"));
    }

    [Fact]
    public async Task An_entity_is_a_file_and_its_table_another()
    {
        await using var scene = await Scene.OpenAsync(postgres, tables: false);
        scene.WithMaps(("warranty.json", _ => Json[1])).WithTable("warranty", _ => Sql[1]);
        var made = await scene.Engine().ApplySchemaAsync(scene.Limit);
        scene.Put("warranty", Scene.Record(1, Scene.Early, $"\"Linked Invoice\": \"{Scene.Id(2)}\""));
        scene.Put("invoice", Scene.Record(2, Scene.Early));

        var report = await scene.ResyncAsync("warranty", "invoice");

        Assert.Contains("warranty", made);
        Assert.Equal(("succeeded", 0L), (report.Status, report.Entities.Single(e => e.Name == "warranty").MissingLinks));
        Assert.Equal($"{Scene.Id(2)}|2026-03-01T08:00:00Z", await scene.RowAsync("select linked_invoice, modified_date from warranty"));
    }

    [Fact]
    public async Task A_patch_is_a_file()
    {
        await using var scene = (await Scene.OpenAsync(postgres)).WithPatches(("060-payment-customer", Sql[2]));
        await scene.ExecuteAsync("insert into invoice (bubble_id, linked_customer) values ('1x1', '2x2'); insert into payment (bubble_id, linked_invoice) values ('3x3', '1x1')");

        var first = await scene.Engine().PatchAsync(["060"], scene.Limit);
        var second = await scene.Engine().PatchAsync(["060-payment-customer"], scene.Limit);

        Assert.Equal((("succeeded", 1L), ("succeeded", 0L)), ((first.Patches[0].Status, first.Patches[0].Rows), (second.Patches[0].Status, second.Patches[0].Rows)));
        Assert.Equal("2x2", await scene.ScalarAsync<string>("select linked_customer from payment"));
    }
}
