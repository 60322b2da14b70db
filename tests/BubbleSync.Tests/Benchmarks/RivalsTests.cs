using BubbleSync.Benchmarks.EndToEnd;
using BubbleSync.Benchmarks.Rivals;
using BubbleSync.Etl;
using BubbleSync.Etl.Mapping;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Benchmarks;

/// <summary>What <c>bench rivals</c> does beside measuring: every way is checked against rows that none of them made.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class RivalsTests : IDisposable
{
    private const string Way = "way";

    private readonly string _folder = Directory.CreateTempSubdirectory("bubblesync-rivals-").FullName;

    [Fact]
    public async Task The_product_leaves_the_expected_rows_and_a_row_that_is_not_as_expected_ends_the_benchmark()
    {
        await using var databases = await Databases.StartAsync(
            Path.Combine(_folder, "postgres"), c => new SyncEngine(BubblesyncLoader.Settings(c)).ApplySchemaAsync(CancellationToken.None));
        var items = await Items.MakeAsync(120);
        var map = EntityMapReader.Read(Path.Combine(AppContext.BaseDirectory, "config", "entities")).Single(m => m.Name == Items.Entity);
        var expected = new ExpectedItems(databases, new TargetTables(databases, [map]));
        await expected.FillAsync(ExpectedItems.Original, items.Records);
        await expected.FillAsync(ExpectedItems.Changed, items.Changed().Records);
        await databases.RenewAsync(Way);

        await LoadAsync(databases, items);
        await expected.RequireAsync(ExpectedItems.Original, Way, Situation.First);
        await Assert.ThrowsAsync<InvalidOperationException>(() => expected.RequireAsync(ExpectedItems.Changed, Way, Situation.Changed));
        await LoadAsync(databases, items.Changed());
        await expected.RequireAsync(ExpectedItems.Changed, Way, Situation.Changed);

        await ExecuteAsync(databases, "update invoice_item set amount = amount + 0.01 where bubble_id = (select min(bubble_id) from invoice_item)");
        var failure =
            await Assert.ThrowsAsync<InvalidOperationException>(() => expected.RequireAsync(ExpectedItems.Changed, Way, Situation.Changed));
        Assert.Contains("amount = ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_tenth_record_changes_and_has_a_later_date()
    {
        var record = """{"_id":"1x1","DESCRIPTION":"a","Created Date":"2026-01-01T00:00:00.000Z","Modified Date":"2026-01-01T00:00:00.000Z"}""";
        var items = Items.Of([.. Enumerable.Repeat(record, 25)]);

        var changed = items.Changed();

        Assert.Equal(3, changed.Records.Zip(items.Records).Count(pair => pair.First != pair.Second));
        Assert.Equal(("changed", new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc)), (changed.Rows[10].Description, changed.Rows[10].ModifiedDate));
    }

    [Fact]
    public void Options_say_how_many_rows_and_rounds()
    {
        Assert.Equal((100_000, 3), (new RivalsOptions().Rows, new RivalsOptions().Rounds));
        Assert.Equal(new RivalsOptions { Rows = 500, Rounds = 1 }, RivalsOptions.Parse(["--rows", "500", "--rounds", "1"]));
    }

    [Theory]
    [InlineData("--rows", "0")]
    [InlineData("--rounds", "many")]
    [InlineData("--rounds")]
    [InlineData("--bogus", "1")]
    public void What_is_not_known_is_refused(params string[] words) => Assert.Throws<ArgumentException>(() => RivalsOptions.Parse(words));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task LoadAsync(Databases databases, Items items)
    {
        await using var loader = await BubblesyncLoader.OpenAsync(databases.ConnectionString(Way));
        await loader.LoadAsync(items);
    }

    private static async Task ExecuteAsync(Databases databases, string sql)
    {
        await using var connection = await databases.OpenAsync(Way);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
