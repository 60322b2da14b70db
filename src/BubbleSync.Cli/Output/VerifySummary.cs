using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>What a verification found, to be understood in ten seconds.</summary>
internal static class VerifySummary
{
    private const int MostLines = 20;

    /// <summary>Prints the counts, the first differences and the result.</summary>
    public static void Print(VerifyReport report, string? csv, NextSteps next, IAnsiConsole console)
    {
        if (report.Entities.Count > 0)
            Table(report).Print(console);
        foreach (var difference in report.Differences.Take(MostLines))
            RunSummary.Line(console, Line(difference));
        if (report.Differences.Count > MostLines)
            RunSummary.Line(console, $"and more; all of them {(csv is null ? "with --csv FILE" : $"in {csv}")}");

        RunSummary.Lines(console, "warning", report.Warnings);
        RunSummary.Line(console, Closing(report));
        foreach (var action in report.NextActions)
            RunSummary.Line(console, next.Line(action));
    }

    private static ReportTable Table(VerifyReport report)
    {
        var table = new ReportTable()
            .Words("entity").Numbers(Done(report), "equal", "missing", "extra", "older", "newer", "differs", "rejected").Words("complete")
            .Prose("complete");
        foreach (var e in report.Entities)
            table.Row(e.Name, e.Compared, e.Equal, e.Missing, e.Extra, e.Older, e.Newer, e.Differs, e.Rejected, RunSummary.Proof(e.Proof));
        return table;
    }

    private static string Done(VerifyReport report) => report.IsByCounts ? "counted" : "compared";

    private static string Line(VerifiedDifference difference)
    {
        var id = difference.BubbleId.Length > 0 ? difference.BubbleId : "(without a usable id)";
        var column = difference.Column.Length > 0 ? $"in {difference.Column}" : "";
        var field = difference.BubbleField.Length > 0 ? $": '{difference.BubbleField}' {column}".TrimEnd() : column.Length > 0 ? $": {column}" : "";
        return $"{Word.Of(difference.Verdict)}: {difference.Entity} {id}{field}";
    }

    private static string Closing(VerifyReport report)
    {
        var compared = report.Entities.Sum(e => e.Compared);
        var rate = report.Run.DurationMs > 0 ? compared * 1000 / report.Run.DurationMs : compared;
        if (report.Run.Status == RunStatus.Cancelled)
            return string.Create(
                CultureInfo.InvariantCulture,
                $"verify: cut short: {Counted.Of(report.Run.Read ?? 0, "record")} read, {compared:N0} {Done(report)} "
                    + $"in {report.Run.DurationMs / 1000.0:0.0} s, {Counted.Of(report.Run.Api.Calls, "call")}. Run {report.RunId}");

        return string.Create(
            CultureInfo.InvariantCulture,
            $"verify: {report.Run.Conclusion ?? Word.Of(report.Run.Status)}: {Counted.Of(compared, "record")} {Done(report)} in "
                + $"{report.Run.DurationMs / 1000.0:0.0} s ({rate:N0} a second), {Counted.Of(report.Run.Api.Calls, "call")}. Run {report.RunId}");
    }
}
