using System.Globalization;
using BubbleSync.Etl;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>The field audit as tables.</summary>
internal static class FieldTable
{
    /// <summary>Prints every row, then the coverage.</summary>
    public static void Print(FieldAuditReport report, IAnsiConsole console)
    {
        var table = new FittedTable(
            new("entity"), new("bubble field") { IsProse = true }, new("column", 2), new("type", 5), new("status"), FittedColumn.Number("seen", 4), FittedColumn.Number("present", 3), FittedColumn.Number("stored", 1),
            FittedColumn.Number("failed", 1), new("shapes", 6) { IsProse = true });
        foreach (var r in report.Rows)
            table.Add(r.Entity, r.BubbleField, r.Column, r.Type, r.Status, Number(r.Seen), Number(r.Present), Number(r.Stored), Number(r.Failed), string.Join(' ', r.Shapes));
        table.Print(console);
        PrintCoverage(report, console);
    }

    /// <summary>Prints how much of what Bubble sends is stored, beside what was published of it, and why that may not be all.</summary>
    public static void PrintCoverage(FieldAuditReport report, IAnsiConsole console)
    {
        var isPublished = report.Coverage.Any(c => c.Published is not null);
        string[] numbers = ["known", "sent", "mapped", "stored", "coverage", .. isPublished ? ["published"] : Array.Empty<string>()];
        var table = new FittedTable([new("fields of"), .. numbers.Select((head, i) => FittedColumn.Number(head, head == "coverage" ? 0 : i + 1))]);
        foreach (var c in report.Coverage.Append(report.Total))
            table.Add([c.Entity, Number(c.Known), Number(c.Sent), Number(c.Mapped), Number(c.Stored), Percent(c.Percent), .. isPublished ? [Published(c.Published)] : Array.Empty<string>()]);
        table.Print(console);
        RunSummary.Lines(console, "warning", report.Warnings);
    }

    private static string Published(PublishedCoverage? coverage) =>
        coverage is null ? "" : $"{Number(coverage.Mapped)}/{Number(coverage.Of)} = {Percent(Math.Round(100m * coverage.Mapped / coverage.Of, 1))}";

    private static string Percent(decimal percent) => percent.ToString("0.0' %'", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
