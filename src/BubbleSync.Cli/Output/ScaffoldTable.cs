using BubbleSync.Etl.Reports;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>Proposed entities, as a table.</summary>
internal static class ScaffoldTable
{
    /// <summary>Prints the entities, what to check, and the next commands.</summary>
    public static void Print(ScaffoldReport report, NextSteps next, IAnsiConsole console)
    {
        if (report.Entities.Count == 0)
            RunSummary.Line(console, "Every type that the Data API serves has its map.");
        else
            Table(report).Print(console);
        RunSummary.Lines(console, "warning", report.Warnings);
        if (report.Entities.Count > 0)
        {
            if (!report.DryRun)
                Written(report, console);
            RunSummary.Line(console, report.DryRun ? "A dry run: nothing was written." : $"Look through the maps, then: {Following(next)}");
        }
    }

    // The table has only the ends of their paths.
    private static void Written(ScaffoldReport report, IAnsiConsole console)
    {
        foreach (var folder in report.Entities.SelectMany(e => new[] { e.MapFile, e.TableFile }).GroupBy(Path.GetDirectoryName))
            RunSummary.Line(console, $"written: {Counted.Of(folder.Count(), "file")} in {folder.Key}");
    }

    private static string Following(NextSteps next) =>
        $"{next.Command(new NextAction(NextActionKind.ApplySchema))}, and {next.Command(new NextAction(NextActionKind.ResyncEntities))}";

    private static ReportTable Table(ScaffoldReport report)
    {
        var table = new ReportTable()
            .Words("entity", "Bubble type").Numbers("level", "fields").Words("map", "table");
        foreach (var e in report.Entities)
            table.Row(e.Name, e.BubbleType, e.Level, e.Fields, Short(e.MapFile), Short(e.TableFile));
        return table;
    }

    private static string Short(string path) => Path.Combine(Path.GetFileName(Path.GetDirectoryName(path)) ?? "", Path.GetFileName(path));
}
