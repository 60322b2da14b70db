using System.Globalization;
using BubbleSync.Etl;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>Links that lead nowhere, as a table.</summary>
internal static class LinkTable
{
    private const int MostLines = 20;

    /// <summary>Prints the counts by column, and the commands that fetch what Bubble still has.</summary>
    public static void Print(LinkAuditReport report, IAnsiConsole console)
    {
        if (report.Links.Count == 0)
        {
            RunSummary.Line(console, "Every link has its target.");
            return;
        }

        var table = new FittedTable(new("entity"), new("column"), new("target", 1), FittedColumn.Number("missing"), FittedColumn.Number("records", 2), FittedColumn.Number("in Bubble", 3));
        foreach (var c in report.Columns)
            table.Add(c.Entity, c.Column, c.TargetEntity, Number(c.Targets), Number(c.Records), c.InBubble is { } found ? Number(found) : "not asked");
        table.Print(console);

        var commands = report.Links.Select(l => l.Fetch).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        foreach (var command in commands.Take(MostLines))
            RunSummary.Line(console, $"to fetch what Bubble still has: {command}");
        if (commands.Count > MostLines)
            RunSummary.Line(console, $"and {commands.Count - MostLines} more with --output json");
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
