using System.Globalization;

namespace BubbleSync.Benchmarks.Charts;

/// <summary>The first table of a page of results, and the paragraph before it. Its column <c>way</c> says what was measured.</summary>
internal sealed class ResultTable
{
    private readonly List<Dictionary<string, string>> _rows;

    private ResultTable(string settings, List<Dictionary<string, string>> rows) => (Settings, _rows) = (settings, rows);

    /// <summary>How it was measured.</summary>
    public string Settings { get; }

    /// <summary>The different ways, in their order.</summary>
    public IReadOnlyList<string> Ways => Groups("way");

    /// <summary>Reads a page.</summary>
    public static ResultTable Parse(string page)
    {
        var lines = page.Split('\n').Select(line => line.Trim()).ToList();
        var table = lines.SkipWhile(line => !line.StartsWith('|')).TakeWhile(line => line.StartsWith('|')).Select(Cells).ToList();
        if (table.Count < 3)
            throw new InvalidDataException("The page has no table of results.");

        var rows = table.Skip(2).Select(cells => table[0].Zip(cells).ToDictionary(pair => pair.First, pair => pair.Second)).ToList();
        return new(lines.First(line => line.Length > 0), rows);
    }

    /// <summary>The different values of these columns together, in their order.</summary>
    public IReadOnlyList<string> Groups(params string[] columns) => [.. _rows.Select(row => Group(row, columns)).Distinct()];

    /// <summary>The numbers that a way has in a column, one for each group; null where it has none.</summary>
    public IReadOnlyList<double?> Numbers(string way, string column, params string[] groups) =>
        [.. Groups(groups).Select(group => _rows.Find(row => row["way"] == way && Group(row, groups) == group)).Select(row => Number(row?[column]))];

    private static string Group(Dictionary<string, string> row, string[] columns) => string.Join(", ", columns.Select(c => row[c]));

    private static double? Number(string? cell) =>
        double.TryParse(cell, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static List<string> Cells(string line) => [.. line.Trim('|').Split('|').Select(cell => cell.Trim())];
}
