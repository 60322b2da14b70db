using BubbleSync.Etl.Bubble.Throttling;
using Xunit;

namespace BubbleSync.Tests.Bubble;

/// <summary>How many records a page is asked for, by the size of those that came.</summary>
public sealed class RecordSizesTests
{
    private const int Megabyte = 1024 * 1024;

    [Fact]
    public void Pages_of_small_records_are_asked_for_as_they_are_wanted()
    {
        var sizes = new RecordSizes(16 * Megabyte);
        Assert.Equal(100, sizes.Limit("invoice", 100));

        sizes.Add("invoice", 100, 100 * 20_000);

        Assert.Equal(100, sizes.Limit("invoice", 100));
        Assert.Equal(100 * 20_000 + 1, sizes.Expected("invoice", 100));
    }

    [Theory]
    [InlineData(1, 16)]
    [InlineData(20, 2)]
    public void Large_records_make_smaller_pages_of_two_at_least(int megabytes, int records)
    {
        var sizes = new RecordSizes(16 * Megabyte);

        sizes.Add("invoice", 1, megabytes * Megabyte);

        Assert.Equal(records, sizes.Limit("invoice", 100));
        Assert.Equal(1, sizes.Limit("invoice", 1));
        Assert.Equal(100, sizes.Limit("payment", 100));
    }

    [Fact]
    public void Pages_grow_again_once_records_stay_small()
    {
        var sizes = new RecordSizes(16 * Megabyte);
        sizes.Add("invoice", 1, Megabyte);

        for (var page = 0; page < 10; page++)
            sizes.Add("invoice", 16, 16 * 1000);

        Assert.Equal(100, sizes.Limit("invoice", 100));
    }
}
