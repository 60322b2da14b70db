using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>Prints the result of an audit of values.</summary>
internal static class ValueSummary
{
    /// <summary>Prints the counts by entity and verdict, and where the rows are.</summary>
    public static void Print(ValueAuditReport report, string? csv, IAnsiConsole console)
    {
        var table = new ReportTable().Words("entity").Numbers(["records", .. Word.All<ValueVerdict>()]).Words("complete")
            .Prose("complete");
        foreach (var e in report.Entities)
            table.Row([e.Name, e.Records, .. Enum.GetValues<ValueVerdict>().Select(v => (object)e.ByVerdict[v]), RunSummary.Proof(e.Proof)]);
        if (report.Entities.Count > 0)
            table.Print(console);
        RunSummary.Lines(console, "warning", report.Warnings);
        if (report.Run.Status == RunStatus.Cancelled)
            RunSummary.Line(console, $"cut short: {Counted.Of(report.Run.Read ?? 0, "record")} read{(csv is null ? "" : $"; {csv} is not written")}");
        if (report.Run.Status is RunStatus.Succeeded or RunStatus.Partial && csv is not null)
            RunSummary.Line(console, string.Create(CultureInfo.InvariantCulture, $"{report.Rows:N0} values are in {csv}"));
    }
}
