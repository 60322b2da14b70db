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
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumns("entity", "bubble field", "column", "type", "status");
        AddNumbers(table, "seen", "present", "stored", "failed");
        table.AddColumn("shapes");
        foreach (var r in report.Rows)
            table.AddRow(new[] { r.Entity, r.BubbleField, r.Column, r.Type, r.Status, Number(r.Seen), Number(r.Present), Number(r.Stored), Number(r.Failed), string.Join(' ', r.Shapes) }.Select(Markup.Escape).ToArray());
        console.Write(table);
        PrintCoverage(report, console);
    }

    /// <summary>Prints how much of what Bubble sends is stored, beside what was published of it, and why that may not be all.</summary>
    public static void PrintCoverage(FieldAuditReport report, IAnsiConsole console)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("fields of");
        AddNumbers(table, "known", "sent", "mapped", "stored", "coverage");
        var isPublished = report.Coverage.Any(c => c.Published is not null);
        if (isPublished)
            AddNumbers(table, "published");
        foreach (var c in report.Coverage.Append(report.Total))
            table.AddRow([Markup.Escape(c.Entity), Number(c.Known), Number(c.Sent), Number(c.Mapped), Number(c.Stored), Percent(c.Percent), .. isPublished ? [Published(c.Published)] : Array.Empty<string>()]);
        console.Write(table);
        RunSummary.Lines(console, "warning", report.Warnings);
    }

    private static void AddNumbers(Table table, params string[] heads)
    {
        foreach (var head in heads)
            table.AddColumn(new TableColumn(head) { Alignment = Justify.Right });
    }

    private static string Published(PublishedCoverage? coverage) =>
        coverage is null ? "" : $"{Number(coverage.Mapped)}/{Number(coverage.Of)} = {Percent(Math.Round(100m * coverage.Mapped / coverage.Of, 1))}";

    private static string Percent(decimal percent) => percent.ToString("0.0' %'", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
