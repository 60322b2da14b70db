using BubbleSync.Etl.Schema.Scaffold;
using Xunit;

namespace BubbleSync.Tests.Schema;

/// <summary>Levels of any graph of links: each entity stands above those it links to, but for links that are named as closing a circle.</summary>
public sealed class MergeLevelsTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 200)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_link_leads_down_or_is_named(int seed)
    {
        var random = new Random(seed);
        var known = Enumerable.Range(0, random.Next(4)).ToDictionary(i => $"k{i}", _ => random.Next(5));
        var entities = Enumerable.Range(0, random.Next(1, 12)).Select(i => $"e{i}").ToList();
        var targets = entities.Concat(known.Keys).ToList();
        var links = Enumerable.Range(0, random.Next(30))
            .Select(i => new EntityLink(entities[random.Next(entities.Count)], $"c{i}", targets[random.Next(targets.Count)], random.Next(2) == 0)).ToList();

        var (levels, circles) = MergeLevels.Of(entities, links, known);

        Assert.Equal(entities.Order(StringComparer.Ordinal), levels.Keys.Order(StringComparer.Ordinal));
        Assert.All(links.Except(circles)
            .Where(l => l.Target != l.Entity), l => Assert.True(levels[l.Entity] > (levels.TryGetValue(l.Target, out var level) ? level : known[l.Target])));
        Assert.All(levels, l => Assert.InRange(l.Value, 0, 100));
        Assert.DoesNotContain(circles, l => known.ContainsKey(l.Target));
    }

    [Fact]
    public void Of_a_circle_the_list_is_left_out()
    {
        EntityLink[] links = [new("invoice", "items", "item", true), new("item", "invoice", "invoice", false)];

        var (levels, circles) = MergeLevels.Of(["invoice", "item"], links, new Dictionary<string, int>());

        Assert.Equal((0, 1), (levels["invoice"], levels["item"]));
        Assert.Equal([links[0]], circles);
    }
}
