using System.Globalization;
using BubbleSync.Etl;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>What an audit of values came to.</summary>
internal static class ValueSummary
{
    /// <summary>Prints the counts by entity and verdict, and where the rows are.</summary>
    public static void Print(ValueAuditReport report, string? csv, IAnsiConsole console)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("entity");
        foreach (var head in ValueAuditOptions.Verdicts.Prepend("records"))
            table.AddColumn(new TableColumn(head) { Alignment = Justify.Right });
        table.AddColumn("complete");
        foreach (var e in report.Entities)
            table.AddRow([Markup.Escape(e.Name), .. ValueAuditOptions.Verdicts.Select(v => e.ByVerdict[v]).Prepend(e.Records).Select(Number), RunSummary.Proof(e.Proof)]);
        console.Write(table);
        RunSummary.Lines(console, "warning", report.Warnings);
        RunSummary.PrintErrors(report.Errors);
        if (report.Run.Status is "succeeded" or "partial" && csv is not null)
            RunSummary.Line(console, $"{Number(report.Rows)} values are in {csv}");
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
