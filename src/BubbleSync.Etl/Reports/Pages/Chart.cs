using System.Globalization;
using System.Text;
using BubbleSync.Etl.Reports.Mirror;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Reports.Pages;

/// <summary>Draws charts as SVG that stands in a page. Each mark has its value as a title, and each chart its content in words.</summary>
internal static class Chart
{
    private const int Width = 900;
    private const int Left = 160;
    private const int RowHeight = 24;
    private const int BarsHeight = 120;
    private const double Thinnest = 1.5;

    /// <summary>Draws a bar for each run, from the oldest to the newest, coloured by its status.</summary>
    public static string Bars(IReadOnlyList<RunPoint> runs, string what, Func<RunPoint, long> value, LocalTime time)
    {
        var (most, step) = (Math.Max(1, runs.Max(value)), (double)Width / runs.Count);
        var svg = Begin(BarsHeight + 40, Invariant($"{what} of the last {runs.Count} runs, at most {most:N0}"));
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"0\" y=\"12\">{most:N0}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"0\" y1=\"{BarsHeight + 18}\" x2=\"{Width}\" y2=\"{BarsHeight + 18}\"/>");
        foreach (var (index, run) in runs.Index())
        {
            var height = value(run) == 0 ? 0 : Math.Max(Thinnest, (double)value(run) * BarsHeight / most);
            Box(svg, Class(run), (index * step) + (step * 0.1), BarsHeight + 18 - height, step * 0.8, height,
                Invariant($"{time.Text(run.StartedAt)}, {Word.Of(run.Kind)}, {RunText.Status(run)}: {value(run):N0} {what}"));
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"0\" y=\"{BarsHeight + 36}\">{HtmlText.Of(time.Text(runs[0].StartedAt))}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width}\" y=\"{BarsHeight + 36}\" text-anchor=\"end\">");
        return svg.Append(HtmlText.Of(time.Text(runs[^1].StartedAt))).Append("</text></svg>").ToString();
    }

    /// <summary>Draws a row for each entity: its reading with its windows, and its merge; then a row with the patches.</summary>
    public static string Timeline(MirrorFacts facts)
    {
        var run = facts.Report.Run;
        var (from, to) = (run.StartedAt, run.FinishedAt > run.StartedAt ? run.FinishedAt : run.StartedAt.AddSeconds(1));
        if (facts.Timeline.Count > 0)
            (from, to) = (Earlier(from, facts.Timeline.Min(s => s.StartedAt)), Later(to, facts.Timeline.Max(s => s.FinishedAt)));
        double X(DateTimeOffset at) => Left + (Math.Clamp((at - from) / (to - from), 0, 1) * (Width - Left));

        var svg = Begin(((facts.Timeline.Count + 1) * RowHeight) + 24, "Timeline of the run: reading, merges and patches");
        foreach (var (row, span) in facts.Timeline.Index())
        {
            var y = row * RowHeight;
            var merge = run.Entities.FirstOrDefault(e => e.Name == span.Entity)?.MergeMs ?? 0;
            var merged = span.FinishedAt.AddMilliseconds(-merge);
            var read = span.Windows.Count > 0 ? span.Windows[^1].At : merged;
            Label(svg, span.Entity, y);
            Box(svg, "read", X(span.StartedAt), y + 4, X(read) - X(span.StartedAt), RowHeight - 8,
                Invariant($"{span.Entity}: read in {(read - span.StartedAt).TotalSeconds:0.0} s, ")
                + $"{RunText.Count(span.Windows.Sum(w => w.Count), "window")}, {RunText.Count(span.Windows.Sum(w => w.Rows), "row")}");
            foreach (var window in span.Windows)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<line class=\"tick\" x1=\"{X(window.At):0.0}\" y1=\"{y + 4}\" x2=\"{X(window.At):0.0}\" ");
                svg.Append(CultureInfo.InvariantCulture, $"y2=\"{y + RowHeight - 4}\"><title>{RunText.Count(window.Count, "window")} staged at ");
                svg.Append(HtmlText.Of(facts.Time.Text(window.At))).Append("</title></line>");
            }

            if (merge > 0)
                Box(svg, "merge", X(merged), y + 4, X(span.FinishedAt) - X(merged), RowHeight - 8, Invariant($"{span.Entity}: merged in {merge} ms"));
        }

        Patches(svg, run, X, facts.Timeline.Count * RowHeight);
        var bottom = ((facts.Timeline.Count + 1) * RowHeight) + 16;
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{bottom}\">{HtmlText.Of(facts.Time.Text(from))}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width}\" y=\"{bottom}\" text-anchor=\"end\">{HtmlText.Of(facts.Time.Text(to))}</text>");
        return svg.Append("</svg>").ToString();
    }

    /// <summary>Draws how much of each entity's values is stored.</summary>
    public static string Coverage(IReadOnlyList<FieldCoverage> entities)
    {
        var svg = Begin(entities.Count * RowHeight, "Part of Bubble's values that is stored, by entity");
        foreach (var (row, entity) in entities.Index())
        {
            var (y, room) = (row * RowHeight, Width - Left - 70);
            Label(svg, entity.Entity, y);
            Box(svg, "track", Left, y + 4, room, RowHeight - 8, $"{entity.Entity}: all values");
            Box(svg, entity.Percent == 100 ? "good" : "part", Left, y + 4, room * (double)entity.Percent / 100, RowHeight - 8,
                Invariant($"{entity.Entity}: {entity.Percent}% of the values, {entity.Stored} of {entity.Sent} fields"));
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width}\" y=\"{y + 16}\" text-anchor=\"end\">{entity.Percent}%</text>");
        }

        return svg.Append("</svg>").ToString();
    }

    // Patches run one after the other at the end of a run.
    private static void Patches(StringBuilder svg, RunReport run, Func<DateTimeOffset, double> x, int y)
    {
        if (run.Patches.Count > 0)
            Label(svg, "patches", y);
        var at = run.FinishedAt.AddMilliseconds(-run.Patches.Sum(p => p.DurationMs));
        foreach (var patch in run.Patches)
        {
            var end = at.AddMilliseconds(patch.DurationMs);
            Box(svg, patch.Error is null ? "patch" : "bad", x(at), y + 4, x(end) - x(at), RowHeight - 8,
                Invariant($"{patch.Name}: {Word.Of(patch.Status)}, {patch.Rows} rows, {patch.DurationMs} ms"));
            at = end;
        }
    }

    private static StringBuilder Begin(int height, string label) => new StringBuilder().Append(
        CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-label=\"{HtmlText.Of(label)}\">");

    private static void Label(StringBuilder svg, string text, int y) =>
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"0\" y=\"{y + 16}\">{HtmlText.Of(text)}</text>");

    private static void Box(StringBuilder svg, string name, double x, double y, double width, double height, string title) => svg.Append(
        CultureInfo.InvariantCulture,
        $"<rect class=\"{name}\" x=\"{x:0.0}\" y=\"{y:0.0}\" width=\"{Math.Max(Thinnest, width):0.0}\" height=\"{height:0.0}\">"
            + $"<title>{HtmlText.Of(title)}</title></rect>");

    private static string Class(RunPoint run) => run.Status switch
    {
        RunStatus.Succeeded => "good",
        RunStatus.Partial or RunStatus.Running => "part",
        _ => "bad",
    };

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
