using BubbleSync.Etl.Reports;
using BubbleSync.Server.Page.Parts;
using Microsoft.AspNetCore.Components;
using static System.FormattableString;

namespace BubbleSync.Server.Page.Runs;

/// <summary>Places the stages of a run on a line of time.</summary>
internal static class TimelineDrawing
{
    /// <summary>The width of the drawing.</summary>
    public const int Width = 900;

    private const int Left = 160;
    private const int RowHeight = 24;
    private const double Thinnest = 2;

    /// <summary>Returns the height of the drawing.</summary>
    public static int HeightOf(int rows) => rows * RowHeight;

    /// <summary>Returns the name of a row as a drawn text. Razor has another meaning for that tag.</summary>
    public static RenderFragment Label(TimelineRow row) => builder =>
    {
        builder.OpenElement(0, "text");
        builder.AddAttribute(1, "x", 0);
        builder.AddAttribute(2, "y", row.Y + 16);
        builder.AddContent(3, row.Name);
        builder.CloseElement();
    };

    /// <summary>Returns a row for each entity, and one for the patches.</summary>
    /// <param name="spans">The entities.</param>
    /// <param name="run">The result of the run; null while it is under way.</param>
    public static IReadOnlyList<TimelineRow> Rows(IReadOnlyList<EntitySpan> spans, RunReport? run)
    {
        if (spans.Count == 0)
            return [];

        var from = spans.Min(s => s.StartedAt);
        var end = run is null ? spans.Max(s => s.FinishedAt) : Later(run.FinishedAt, spans.Max(s => s.FinishedAt));
        var to = end > from ? end : from.AddSeconds(1);
        double X(DateTimeOffset at) => Left + (Math.Clamp((at - from) / (to - from), 0, 1) * (Width - Left));

        var rows = spans.Select((span, index) => Row(span, run, index * RowHeight, X)).ToList();
        if (run is { Patches.Count: > 0 })
            rows.Add(Patches(run, spans.Count * RowHeight, X));
        return rows;
    }

    private static TimelineRow Row(EntitySpan span, RunReport? run, int y, Func<DateTimeOffset, double> x)
    {
        var merge = TimeSpan.FromMilliseconds(run?.Entities.FirstOrDefault(e => e.Name == span.Entity)?.MergeMs ?? 0);
        var merged = span.FinishedAt - merge;
        var read = span.Windows.Count > 0 ? span.Windows[^1].At : Later(merged, span.StartedAt);
        var (reading, windows) = (read - span.StartedAt, span.Windows.Sum(w => w.Count));
        var text = $"read in {Show.Duration(reading)} with {Show.Count(windows, "window")}";
        List<TimelineBar> bars = [Bar("read", x(span.StartedAt), x(read), $"{span.Entity}: {text}")];
        if (merge > TimeSpan.Zero)
            bars.Add(Bar("merge", x(merged), x(span.FinishedAt), $"{span.Entity}: merged in {Show.Duration(merge)}"));
        return new TimelineRow(span.Entity, y, bars, [.. span.Windows.Select(w => Place(x(w.At)))])
        {
            BeganAt = span.StartedAt,
            Reading = reading,
            Merge = merge,
            Windows = windows,
            Text = $"{span.Entity} {text}",
        };
    }

    // Patches run one after the other at the end of a run.
    private static TimelineRow Patches(RunReport run, int y, Func<DateTimeOffset, double> x)
    {
        var (bars, at) = (new List<TimelineBar>(), run.FinishedAt.AddMilliseconds(-run.Patches.Sum(p => p.DurationMs)));
        foreach (var patch in run.Patches)
        {
            var end = at.AddMilliseconds(patch.DurationMs);
            bars.Add(Bar("patch", x(at), x(end), $"{patch.Name}: {Show.Count(patch.Rows, "row")}"));
            at = end;
        }

        return new TimelineRow("patches", y, bars, []) { Text = Show.Count(run.Patches.Count, "patch", "patches") };
    }

    private static TimelineBar Bar(string style, double from, double to, string title) => new(style, Place(from), Place(Math.Max(Thinnest, to - from)), title);

    private static string Place(double value) => Invariant($"{value:0.0}");

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
