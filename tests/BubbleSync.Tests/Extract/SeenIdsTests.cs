using BubbleSync.Etl.Extract;
using Xunit;

namespace BubbleSync.Tests.Extract;

public class SeenIdsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(5_000)]
    [InlineData(60_000)]
    public void Every_id_is_new_once(int ids)
    {
        var random = new Random(ids);
        // One in twenty meets the others on one place, as the worst of hashes would.
        var hashes = Enumerable.Range(0, ids).Select(i => i % 20 != 0 ? (ulong)random.NextInt64() : (ulong)(uint)i << 40).Distinct().ToList();
        using var seen = new SeenIds();

        Assert.All(hashes, h => Assert.True(seen.Add(h)));
        Assert.All(hashes, h => Assert.False(seen.Add(h)));
        Assert.Equal(hashes.Count, seen.Count);
    }

    [Fact]
    public void What_marks_a_free_place_is_an_id_too()
    {
        using var seen = new SeenIds();

        Assert.True(seen.Add(0));
        Assert.False(seen.Add(0));
        Assert.Equal(1, seen.Count);
    }

    [Fact]
    public void What_another_left_behind_in_lent_memory_is_not_seen()
    {
        for (var round = 0; round < 50; round++)
        {
            using var seen = new SeenIds();
            Assert.All(Enumerable.Range(1, 1_000), id => Assert.True(seen.Add((ulong)id)));
        }
    }
}
