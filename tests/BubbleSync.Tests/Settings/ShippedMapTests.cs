using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Settings;

/// <summary>Every map that is shipped, against the tables that are shipped.</summary>
public sealed class ShippedMapTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    public static TheoryData<string> Files => [.. ConfigFolder.Maps];

    [Theory]
    [MemberData(nameof(Files))]
    public void It_is_read_on_its_own(string file)
    {
        using var folder = new ConfigFolder();
        folder.Write(file, File.ReadAllText(Path.Combine(ConfigFolder.Shipped, "entities", file)));

        var faults = folder.MapFaults();

        Assert.Empty(faults);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void It_is_named_like_its_entity_and_points_editors_to_the_schema(string file)
    {
        var map = ConfigFolder.Json($"entities/{file}");

        Assert.Equal(
            (Path.GetFileNameWithoutExtension(file), "../entity.schema.json"), (map.GetProperty("name").GetString(), map.GetProperty("$schema").GetString()));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task It_compiles_against_the_table_that_is_shipped(string file)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var plan = await CompileAsync(fixture, file);

        Assert.Empty(Wrong(plan));
        Assert.Equal(Maps.Of(plan.Entities[0].Name).Fields.Select(f => f.GetProperty("column").GetString()), plan.Entities[0].Columns.Select(c => c.Name));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task It_compiles_against_the_table_that_is_made_of_itself(string file)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, tables: false);
        fixture.Settings = fixture.Settings with { Run = fixture.Settings.Run with { Schema = fixture.Folder([]) } };
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);

        var plan = await CompileAsync(fixture, file);

        Assert.Empty(Wrong(plan));
        Assert.Contains(plan.Entities[0].KeyName, plan.Entities[0].Target.UniqueColumns);
    }

    [Fact]
    public void Every_table_script_is_for_a_map_and_every_map_has_one()
    {
        var scripts = Directory.EnumerateFiles(Path.Combine(ConfigFolder.Shipped, "schema")).Select(file => Path.GetFileNameWithoutExtension(file));

        Assert.Equal(Maps.All.Select(map => map.Table).Order(StringComparer.Ordinal), scripts.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_table_has_its_key_the_three_clocks_and_a_place_for_the_mark_of_a_prune()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var columns = await fixture.RowsAsync("select table_name, column_name from information_schema.columns where table_schema = 'public'");

        Assert.Empty(Maps.All.SelectMany(
            map => new[] { map.Key, "created_at", "modified_date", "updated_at", "last_synced_at", "deleted_in_bubble_at" }
                .Select(column => $"{map.Table}|{column}"))
            .Except(columns));
    }

    private static IEnumerable<string> Wrong(SyncPlan plan) => [.. plan.Faults.Select(f => f.Message), .. plan.Missing.Select(m => m.Column), .. plan.Warnings];

    private static async Task<SyncPlan> CompileAsync(SyncFixture fixture, string file)
    {
        await using var database = await TargetDatabase.OpenAsync(fixture.Settings.Postgres, "test", fixture.Limit);
        return PlanCompiler.Compile(
            EntityMapReader.Read(fixture.Settings.Run.Entities), await database.ReadCatalogueAsync(fixture.Limit), [Path.GetFileNameWithoutExtension(file)]);
    }
}
