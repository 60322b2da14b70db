using BubbleSync.Etl.Schema.Scaffold;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Schema;

/// <summary><c>scaffold</c> sets <c>follow</c> where a child names its parent, so that <c>sync record</c> reads the children too.</summary>
public sealed class ParentLinkTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly Dictionary<string, int> Levels = new() { ["customer"] = 0, ["article"] = 1, ["order"] = 1, ["line"] = 2 };

    [Fact]
    public void A_child_has_one_parent_which_lists_it_or_stands_nearest()
    {
        EntityLink[] links =
        [
            new("line", "customer", "customer", false), new("line", "article", "article", false), new("line", "order", "order", false),
            new("line", "tags", "article", true), new("line", "replaces", "line", false),
            new("order", "customer", "customer", false), new("order", "lines", "line", true), new("customer", "last_order", "order", false),
        ];

        Assert.Equal([("line", "order"), ("order", "customer")], ParentLinks.Of(links, Levels).Select(p => (p.Key, p.Value)));
        Assert.Equal("article", ParentLinks.Of([.. links.Where(l => l.Column != "lines")], Levels)["line"]);
    }

    [Fact]
    public async Task A_scaffolded_app_is_synced_record_by_record_with_their_children()
    {
        await using var fixture = await ScaffoldedApp.OpenAsync(postgres);
        fixture.Bubble.Records.Declare("shop", "Owner", "user");
        fixture.Bubble.Records.Declare("order", "Shop", "custom.shop");
        fixture.Bubble.Records.Declare("line", "Order", "custom.order");
        fixture.Put("user", SyncFixture.Record(1, SyncFixture.Early));
        fixture.Put("shop", SyncFixture.Record(2, SyncFixture.Early, $"\"Owner\": \"{SyncFixture.Id(1)}\""));
        foreach (var number in new[] { 3, 4 })
            fixture.Put("order", SyncFixture.Record(number, SyncFixture.Early, $"\"Shop\": \"{SyncFixture.Id(2)}\", \"Created By\": \"{SyncFixture.Id(1)}\""));
        foreach (var number in new[] { 5, 6, 7 })
            fixture.Put("line", SyncFixture.Record(number, SyncFixture.Early, $"\"Order\": \"{SyncFixture.Id(number == 7 ? 4 : 3)}\""));
        var scaffolded = await fixture.Engine().ScaffoldAsync(new ScaffoldOptions { Types = ["user", "shop", "order", "line"] }, fixture.Limit);
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);

        var report = await fixture.Engine().SyncRecordsAsync("order", [SyncFixture.Id(3)], force: false, null, fixture.Limit);

        Assert.True(report.Success);
        // The order, the lines that belong to it, the shop and the user that it names; no other order, and no other line.
        Assert.Equal(
            ["line 1769904000000x100000000000000005", "line 1769904000000x100000000000000006", "order 1769904000000x100000000000000003"],
            await fixture.RowsAsync("select 'line ' || bubble_id from line union all select 'order ' || bubble_id from \"order\" order by 1"));
        Assert.Equal("1|1", await fixture.RowAsync("select (select count(*) from shop), (select count(*) from \"user\")"));
        var maps = scaffolded.Entities.ToDictionary(e => e.Name, e => File.ReadAllText(e.MapFile));
        Assert.Contains("\"relation\": \"shop\", \"follow\": true }", maps["order"], StringComparison.Ordinal);
        Assert.All(maps.Values, m => Assert.DoesNotContain("\"from\": \"Created By\", \"relation\": \"user\", \"follow\"", m, StringComparison.Ordinal));
    }
}
