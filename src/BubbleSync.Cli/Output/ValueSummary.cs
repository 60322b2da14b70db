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
        var table = new FittedTable([new("entity"), FittedColumn.Number("records"), .. ValueAuditOptions.Verdicts.Select((v, i) => FittedColumn.Number(v, i == 1 ? 0 : i + 1)), new("complete", 9) { IsProse = true }]);
        foreach (var e in report.Entities)
            table.Add([e.Name, .. ValueAuditOptions.Verdicts.Select(v => e.ByVerdict[v]).Prepend(e.Records).Select(Number), RunSummary.Proof(e.Proof)]);
        table.Print(console);
        RunSummary.Lines(console, "warning", report.Warnings);
        if (report.Run.Status is "succeeded" or "partial" && csv is not null)
            RunSummary.Line(console, $"{Number(report.Rows)} values are in {csv}");
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
