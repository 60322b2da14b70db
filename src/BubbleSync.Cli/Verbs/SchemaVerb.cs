using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Spectre.Console;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>schema apply</c>: the tables that are missing, and comments on all of them.</summary>
internal static class SchemaVerb
{
    private static readonly Option<bool> Views = new("--views")
    {
        Description = "Also make or replace views: one for each entity with what its links name, one for each list of links with a row for each pair",
    };

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var apply = new Command("apply", "Create the target tables that are missing and the control tables; comment on tables and columns")
        {
            Views,
        };
        apply.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            return context.RunAsync(
                "schema",
                async engine =>
                {
                    var report = await engine.ApplySchemaAsync(new SchemaOptions { Views = parsed.GetValue(Views) }, token);
                    return context.Print(report.ToJson, console => Print(report, console));
                },
                token);
        });
        return new Command("schema", "Create the tables") { apply };
    }

    private static void Print(SchemaReport report, IAnsiConsole console)
    {
        RunSummary.Line(console, report.Created.Count == 0 ? "All tables are there." : $"Created: {string.Join(", ", report.Created)}");
        if (report.Views.Count > 0)
            RunSummary.Line(console, $"Views: {string.Join(", ", report.Views)}");
        if (report.Comments > 0)
            RunSummary.Line(console, $"{Counted.Of(report.Comments, "comment")} written.");
        RunSummary.Lines(console, "warning", report.Warnings);
    }
}
