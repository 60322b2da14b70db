using BubbleSync.Benchmarks.EndToEnd;
using Xunit;

namespace BubbleSync.Tests.Benchmarks;

/// <summary>What <c>bench e2e</c> makes of what it measured; the runs themselves take too long for a test.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class MeasurementTests
{
    [Fact]
    public void The_median_is_taken_of_each_figure_by_itself()
    {
        var rounds = new[] { Took(3, calls: 10), Took(1, calls: 30), Took(2, calls: null) };

        var median = Measurement.Median(rounds);

        Assert.Equal((2, 20, null), (median.Seconds, median.Calls, median.PeakBytes));
    }

    [Fact]
    public void A_ratio_is_that_of_the_middle_round_and_not_of_two_medians()
    {
        var figures = new Figures();
        foreach (var (program, skeleton) in new[] { (2.0, 1.0), (9.0, 3.0), (4.0, 4.0) })
        {
            figures.Add(Situation.First, Way.Program, Took(program));
            figures.Add(Situation.First, Way.Skeleton, Took(skeleton));
        }

        Assert.Equal(2, figures.Ratio(Situation.First, Way.Program, Way.Skeleton));
    }

    [Fact]
    public void A_ratio_to_what_was_skipped_is_none()
    {
        var figures = new Figures();
        figures.Add(Situation.First, Way.Program, Took(1));

        Assert.Null(figures.Ratio(Situation.First, Way.Program, Way.Floor));
    }

    [Fact]
    public void The_old_way_is_scaled_to_sizes_at_which_it_was_not_run_and_marked()
    {
        var small = new Figures { Records = 100 };
        small.Add(Situation.First, Way.Rows, Took(5, calls: 120));
        var large = new Figures { Records = 1000 };
        large.Add(Situation.First, Way.Program, Took(2));

        var lines = ReportLines.Of([small, large], [Situation.First]);

        Assert.Equal([(100, "5.00", "120"), (1000, "2.00", ""), (1000, "~50.00", "~1,200")], lines.Select(l => (l.Records, Cell(l, "s"), Cell(l, "calls"))));
        Assert.Equal(25, lines.Single(l => l.Way == Way.Program).RowsToThis);
    }

    [Fact]
    public void Every_line_of_the_table_has_as_many_cells_as_its_head()
    {
        var figures = new Figures { Records = 9_993 };
        figures.Add(Situation.Unchanged, Way.Program, Took(1));

        var table = new EndToEndReport(EndToEndOptions.Parse(["--program", "p"]), new Version(15, 18), [figures])
            .ToMarkdown().Split('\n').Where(line => line.StartsWith('|')).ToList();

        Assert.Equal(3, table.Count);
        Assert.All(table, line => Assert.Equal(ReportLine.Heads.Count + 1, line.Count(letter => letter == '|')));
        Assert.StartsWith("| 9,993 | unchanged | bubblesync | 1.00 | 9,993 |", table[2], StringComparison.Ordinal);
    }

    private static string Cell(ReportLine line, string head) => line.Cells().ElementAt(ReportLine.Heads.ToList().IndexOf(head));

    private static Measurement Took(double seconds, double? calls = null) => new() { Seconds = seconds, Calls = calls };
}
