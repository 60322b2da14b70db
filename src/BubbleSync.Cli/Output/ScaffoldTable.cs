using System.Globalization;
using BubbleSync.Etl;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>Proposed entities, as a table.</summary>
internal static class ScaffoldTable
{
    /// <summary>Prints them, what to look at, and the commands that come next.</summary>
    public static void Print(ScaffoldReport report, IAnsiConsole console)
    {
        if (report.Entities.Count == 0)
            RunSummary.Line(console, "Every type that the Data API serves has its map.");
        else
            console.Write(Table(report));
        RunSummary.Lines(console, "warning", report.Warnings);
        if (report.Entities.Count > 0)
            RunSummary.Line(console, report.DryRun ? "A dry run: nothing was written." : "Look through the maps, then: bubblesync schema apply, and bubblesync resync");
    }

    private static Table Table(ScaffoldReport report)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumns("entity", "Bubble type");
        table.AddColumn(new TableColumn("level") { Alignment = Justify.Right });
        table.AddColumn(new TableColumn("fields") { Alignment = Justify.Right });
        table.AddColumns("map", "table");
        foreach (var e in report.Entities)
            table.AddRow(Markup.Escape(e.Name), Markup.Escape(e.BubbleType), Number(e.Level), Number(e.Fields), Markup.Escape(Short(e.MapFile)), Markup.Escape(Short(e.TableFile)));
        return table;
    }

    private static string Short(string path) => Path.Combine(Path.GetFileName(Path.GetDirectoryName(path)) ?? "", Path.GetFileName(path));

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
