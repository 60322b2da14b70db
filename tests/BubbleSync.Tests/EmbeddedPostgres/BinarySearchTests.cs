using BubbleSync.EmbeddedPostgres;
using Xunit;

namespace BubbleSync.Tests.EmbeddedPostgres;

[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class BinarySearchTests
{
    [Fact]
    public async Task A_wrong_variable_is_an_error_and_not_a_reason_to_search_on()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var folder = new ClusterFolder();
        var search = new BinarySearch(await Account.FindAsync(limit.Token), folder.Path, named: "/no/such/bin");

        var failure = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => search.FindAsync(null, null, limit.Token));

        Assert.Equal(
            "BUBBLESYNC_PG_BIN does not name a usable PostgreSQL: /no/such/bin has no initdb. Name the folder that holds initdb, pg_ctl and postgres "
            + "of version 15 to 18, or leave it out and one is searched for.",
            failure.Message);
    }

    [Theory]
    [InlineData("BUBBLESYNC_PG_BIN")]
    [InlineData("install PostgreSQL")]
    [InlineData("install npm")]
    public void Where_nothing_is_found_each_way_out_is_named(string way) =>
        Assert.Contains(way, BinarySearch.NoneFound(["no npm"]), StringComparison.Ordinal);
}
