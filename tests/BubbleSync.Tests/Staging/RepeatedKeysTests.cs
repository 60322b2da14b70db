using System.Text;
using BubbleSync.Etl.Staging;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace BubbleSync.Tests.Staging;

/// <summary>No key that came twice is missed, however little room there is; few that came once are suspected.</summary>
public sealed class RepeatedKeysTests
{
    [Fact]
    public void What_came_twice_is_always_suspected() => Prop.ForAll(
        ArbMap.Default.ArbFor<List<NonNull<string>>>().Generator.ToArbitrary(),
        Gen.Choose(0, 1000).ToArbitrary(),
        (texts, expected) =>
        {
            // A pair of surrogates broken in two is no text that PostgreSQL keeps.
            var keys = texts.Select(t => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(t.Get))).Append("").ToList();
            var twice = keys.Where((_, place) => (place + expected) % 3 != 0).ToList();

            var suspects = Taken([.. keys, "1x1", .. twice], expected).Suspects!;

            return twice.All(suspects.Contains);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(10, 0)]
    [InlineData(10_000, 0)]
    [InlineData(300_000, 10)]
    [InlineData(1_000_000, 50)]
    public void What_came_once_hardly_ever_is(int count, int most) =>
        Assert.InRange(Taken(Enumerable.Range(0, count).Select(Id), count).Suspects!.Count, 0, most);

    [Theory]
    [InlineData(1000, true)]
    [InlineData(1001, false)]
    public void Too_many_to_be_named_are_not(int repeated, bool areNamed)
    {
        var keys = Taken(Enumerable.Range(0, repeated).Select(Id).SelectMany(id => new[] { id, id }), 10_000);

        Assert.False(keys.IsEmpty);
        Assert.Equal(areNamed, keys.Suspects is not null);
    }

    private static RepeatedKeys Taken(IEnumerable<string> keys, long expected)
    {
        var taken = new RepeatedKeys(expected);
        foreach (var key in keys)
            taken.Add(Encoding.UTF8.GetBytes(key));
        return taken;
    }

    // As Bubble makes them: next to each other in time.
    private static string Id(int number) => $"{1_700_000_000_000 + number}x{123_456_789_012_345_678 + (number * 7919L)}";
}
