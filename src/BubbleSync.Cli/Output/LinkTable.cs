using System.Text.Json.Nodes;
using BubbleSync.Etl.Reports;
using Spectre.Console;
using static System.FormattableString;

namespace BubbleSync.Cli.Output;

/// <summary>Prints links without a target as a table.</summary>
internal static class LinkTable
{
    private const int MostLines = 20;

    /// <summary>Returns the report as JSON, in which each link that can be fetched has the command that does it.</summary>
    public static string Json(LinkAuditReport report, NextSteps next)
    {
        var document = JsonNode.Parse(report.ToJson())!.AsObject();
        foreach (var (link, node) in report.Links.Zip(document["links"]!.AsArray()))
        {
            if (link.Fetch is { } fetch)
                node!["fetch"] = next.Command(fetch);
        }

        return ReportJson.Write(document);
    }

    /// <summary>Prints the counts by column, and the commands that fetch what Bubble still has.</summary>
    public static void Print(LinkAuditReport report, NextSteps next, IAnsiConsole console)
    {
        if (report.Links.Count == 0)
        {
            RunSummary.Line(console, "Every link has its target.");
            return;
        }

        var table = new ReportTable().Words("entity", "column", "target").Numbers("missing", "records", "in Bubble");
        foreach (var c in report.Columns)
            table.Row(c.Entity,
                c.Column, c.TargetEntity, c.Targets, c.Records, c.InBubble is { } found ? found : report.Warnings.Count > 0 ? "not verified" : "not asked");
        table.Print(console);
        RunSummary.Lines(console, "warning", report.Warnings);

        var fetches = report.NextActions.Where(a => a.BubbleIds.Count > 0).ToList();
        foreach (var action in report.NextActions.Except(fetches))
            RunSummary.Line(console, next.Line(action));
        var commands = fetches.Select(next.Command).Order(StringComparer.Ordinal).ToList();
        foreach (var command in commands.Take(MostLines))
            RunSummary.Line(console, $"to fetch what Bubble still has: {command}");
        if (commands.Count > MostLines)
            RunSummary.Line(console, Invariant($"and {commands.Count - MostLines} more with --output json"));
    }
}
