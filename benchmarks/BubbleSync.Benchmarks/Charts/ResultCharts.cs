using BubbleSync.Benchmarks.EndToEnd;

namespace BubbleSync.Benchmarks.Charts;

/// <summary>Draws the charts of a folder of results from the tables in it, so that a chart never shows other figures than its table.</summary>
internal static class ResultCharts
{
    // The other ways were run in one situation only, or load nothing.
    private static readonly string[] Whole = [Way.Program, Way.Skeleton, Way.Floor];

    private static readonly (string Name, Func<ResultTable, BarChart> Chart)[] All =
    [
        ("rivals", table => new("The same rows loaded by each way: rows a second, more is better", table.Settings, table.Groups("situation"),
            [.. table.Ways.Select(way => new BarSeries(way, table.Numbers(way, "rows/s", "situation")))])),
        ("e2e", table => new("A whole resync, end to end: records a second, more is better", table.Settings, table.Groups("records", "situation"),
            [.. Whole.Select(way => new BarSeries(way, table.Numbers(way, "records/s", "records", "situation")))])),
    ];

    /// <summary>Draws those whose table is there.</summary>
    public static async Task DrawAsync(string folder)
    {
        foreach (var (name, chart) in All)
        {
            var table = Path.Combine(folder, $"{name}.md");
            if (File.Exists(table))
                await File.WriteAllTextAsync(Path.Combine(folder, $"{name}.svg"), chart(ResultTable.Parse(await File.ReadAllTextAsync(table))).ToSvg());
        }
    }
}
