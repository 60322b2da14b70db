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
        table.AddColumns("entity", "bubble field", "column", "type", "status", "seen", "present", "stored", "failed");
        foreach (var r in report.Rows)
            table.AddRow(new[] { r.Entity, r.BubbleField, r.Column, r.Type, r.Status, Number(r.Seen), Number(r.Present), Number(r.Stored), Number(r.Failed) }.Select(Markup.Escape).ToArray());
        console.Write(table);
        PrintCoverage(report, console);
    }

    /// <summary>Prints how much of what Bubble sends is mapped.</summary>
    public static void PrintCoverage(FieldAuditReport report, IAnsiConsole console)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumns("entity", "fields sent", "mapped", "coverage");
        foreach (var c in report.Coverage)
            table.AddRow(Markup.Escape(c.Entity), Number(c.Sent), Number(c.Mapped), $"{c.Percent.ToString(CultureInfo.InvariantCulture)} %");
        console.Write(table);
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
