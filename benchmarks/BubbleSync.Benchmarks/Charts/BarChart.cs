using System.Globalization;
using ScottPlot;

namespace BubbleSync.Benchmarks.Charts;

/// <summary>Bars in groups, one bar for each series, with its number on it.</summary>
/// <param name="Title">What is shown.</param>
/// <param name="Settings">How it was measured.</param>
/// <param name="Groups">The groups' names.</param>
/// <param name="Series">The bars.</param>
internal sealed record BarChart(string Title, string Settings, IReadOnlyList<string> Groups, IReadOnlyList<BarSeries> Series)
{
    // As wide as the number on it.
    private const int BarWidth = 44;
    private const int LegendWidth = 160;
    private const int Height = 600;
    private const int LabelSize = 10;

    private const int LongestLine = 140;
    private const string Font = "DejaVu Sans";

    /// <summary>Draws it.</summary>
    public string ToSvg()
    {
        Fonts.Default = Font;
        using var plot = new Plot();
        var palette = new ScottPlot.Palettes.Category10();
        for (var series = 0; series < Series.Count; series++)
        {
            var bars = plot.Add.Bars(Bars(series));
            bars.Color = palette.GetColor(series);
            bars.LegendText = Series[series].Name;
            bars.ValueLabelStyle.FontSize = LabelSize;
        }

        plot.Title(Title);
        plot.XLabel(Wrap(Settings), size: 11);
        plot.Axes.Bottom.Label.Bold = false;
        plot.Axes.Bottom.SetTicks(
            [.. Groups.Select((_, group) => Middle(group))], [.. Groups.Select(name => name.Replace(", ", "\n", StringComparison.Ordinal))]);
        plot.Axes.Margins(bottom: 0, top: 0.15);
        plot.ShowLegend(Edge.Right);
        // Each letter has its own place, so that another font must have letters as wide as these.
        var width = LegendWidth + (BarWidth * Groups.Count * (Series.Count + 1));
        return plot.GetSvgXml(width, Height).Replace($"\"{Font}\"", $"\"{Font}, Verdana, sans-serif\"", StringComparison.Ordinal);
    }

    // One bar's width stays free between two groups.
    private List<Bar> Bars(int series) =>
    [
        .. Series[series].Values.Select((value, group) => (value, group)).Where(bar => bar.value is not null).Select(bar => new Bar
        {
            Position = (bar.group * (Series.Count + 1)) + series,
            Value = bar.value!.Value,
            Label = bar.value.Value.ToString("N0", CultureInfo.InvariantCulture),
        }),
    ];

    // At the part after which a line is full.
    private static string Wrap(string text) => text.Split("; ").Aggregate((lines, part) =>
        lines[(lines.LastIndexOf('\n') + 1)..].Length + part.Length > LongestLine ? $"{lines};\n{part}" : $"{lines}; {part}");

    private double Middle(int group) => (group * (Series.Count + 1)) + ((Series.Count - 1) / 2.0);
}

/// <summary>The bars of one colour.</summary>
/// <param name="Name">What they stand for.</param>
/// <param name="Values">One for each group; null for none.</param>
internal sealed record BarSeries(string Name, IReadOnlyList<double?> Values);
