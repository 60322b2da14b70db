using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Spectre.Console;
using static System.FormattableString;

namespace BubbleSync.Cli.Output;

/// <summary>What a report shows, in a few lines, and where it is.</summary>
internal static class MirrorSummary
{
    /// <summary>Prints it.</summary>
    public static void Print(MirrorReport report, IAnsiConsole console)
    {
        RunSummary.Line(console, $"{Word.Of(report.Run.Kind)} {(report.Run.Died ? "died" : Word.Of(report.Run.Status))}. Run {report.Run.RunId}");
        RunSummary.Line(console, $"database: {report.Target}");
        RunSummary.Line(console, Invariant($"rejected fields: {report.RejectedFields}"));
        RunSummary.Line(console, Invariant($"orphaned references: {report.OrphanedReferences}"));
        RunSummary.Line(console, report.Comparison is { } run
            ? Invariant($"differences: {report.Differences}, as of run {run}")
            : "differences: not known");
        foreach (var coverage in report.Coverage)
            RunSummary.Line(console, Invariant($"coverage of {coverage.Entity}: {coverage.Percent}%"));
        RunSummary.Lines(console, "note", report.Notes);
        if (report is { HtmlFile: null, XlsxFile: null })
            RunSummary.Line(console, "No file was asked for: --html FILE writes a web page, --xlsx FILE a workbook.");
    }
}
