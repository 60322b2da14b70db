using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>The field audit as tables.</summary>
internal static class FieldTable
{
    /// <summary>Prints every row, then the coverage and what to do next.</summary>
    public static void Print(FieldAuditReport report, NextSteps next, IAnsiConsole console)
    {
        var table = new ReportTable().Words("entity", "bubble field", "column", "type", "status").Numbers("seen", "present", "stored", "failed").Words("shapes")
            .Prose("bubble field", "shapes");
        foreach (var r in report.Rows)
            table.Row(r.Entity, r.BubbleField, r.Column, r.Type, Word.Of(r.Status), r.Seen, r.Present, r.Stored, r.Failed, string.Join(' ', r.Shapes));
        table.Print(console);
        PrintCoverage(report, console);
        foreach (var action in report.NextActions)
            RunSummary.Line(console, next.Line(action));
    }

    /// <summary>Prints how much of what Bubble sends is stored, next to the published figures, and why it may be incomplete.</summary>
    public static void PrintCoverage(FieldAuditReport report, IAnsiConsole console)
    {
        string[] published = report.Coverage.Any(c => c.Published is not null) ? ["published"] : [];
        var table = new ReportTable().Words("fields of")
            .Numbers(["known", "sent", "mapped", "stored", "coverage", .. published]);
        foreach (var c in report.Coverage.Append(report.Total))
            table.Row([c.Entity, c.Known, c.Sent, c.Mapped, c.Stored, Percent(c.Percent), .. published.Select(_ => Published(c.Published))]);
        table.Print(console);
        RunSummary.Lines(console, "warning", report.Warnings);
    }

    private static string Published(PublishedCoverage? coverage) =>
        coverage is null
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture, $"{coverage.Mapped:N0}/{coverage.Of:N0} = {Percent(Math.Round(100m * coverage.Mapped / coverage.Of, 1))}");

    private static string Percent(decimal percent) => percent.ToString("0.0' %'", CultureInfo.InvariantCulture);
}
