using System.Globalization;
using System.Xml.Linq;
using BubbleSync.Benchmarks.Charts;
using Xunit;

namespace BubbleSync.Tests.Benchmarks;

/// <summary>The charts in <c>benchmarks/results</c> show the tables beside them.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class ResultChartTests
{
    private const string Page =
        """
        Median of 3.

        | situation | way | s | rows/s |
        | --- | --- | --- | --- |
        | first | a | 1.50 | 66,667 |
        | first | b | ~3.00 | ~33,333 |
        | changed | b | 2.00 | 50,000 |

        | way | loads by |
        | --- | --- |
        | a | hand |
        """;

    [Fact]
    public void The_first_table_of_a_page_is_read()
    {
        var table = ResultTable.Parse(Page);

        Assert.Equal("Median of 3.", table.Settings);
        Assert.Equal(["a", "b"], table.Ways);
        Assert.Equal(["first", "changed"], table.Groups("situation"));
        Assert.Equal([66_667, null], table.Numbers("a", "rows/s", "situation"));
    }

    [Fact]
    public void A_number_that_was_only_estimated_is_not_drawn() => Assert.Equal([null, 50_000], ResultTable.Parse(Page).Numbers("b", "rows/s", "situation"));

    [Theory]
    [InlineData("rivals", "rows/s", "situation", "bubblesync", "importer", "linq2db", "dapper")]
    [InlineData("e2e", "records/s", "records, situation", "bubblesync", "skeleton", "floor")]
    public async Task A_chart_shows_the_numbers_of_its_table(string name, string column, string groups, params string[] ways)
    {
        var folder = Path.Combine(Repository.Root, "benchmarks", "results");
        var table = ResultTable.Parse(await File.ReadAllTextAsync(Path.Combine(folder, $"{name}.md")));
        var drawn = XDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, $"{name}.svg")))
            .Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value.Trim()).ToHashSet();

        var numbers = ways.SelectMany(way => table.Numbers(way, column, groups.Split(", "))).ToList();

        Assert.DoesNotContain(null, numbers);
        Assert.Empty(numbers.Select(n => n!.Value.ToString("N0", CultureInfo.InvariantCulture)).Except(drawn));
        Assert.All(table.Settings.TrimEnd('.').Split("; "), part => Assert.Contains(drawn, text => text.Contains(part, StringComparison.Ordinal)));
    }
}
