using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>audit links</c>: relations whose target is missing.</summary>
internal static class AuditLinksVerb
{
    private static readonly OutputFileOption Csv = new("--csv", "Write every missing target to this file as CSV");
    private static readonly Option<bool> Excel = ExcelOption.Create();
    private static readonly Option<bool> Ask = new("--ask") { Description = "Look up the targets in Bubble, and print the command that fetches those found" };

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("links", "Find links whose target is in no table") { Csv, Excel, Ask };
        ExcelOption.RequireFile(command, Excel, Csv);
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            return context.RunAsync(
                "audit links",
                async engine =>
                {
                    if (parsed.GetValue(Ask))
                        context.Tell("Asking Bubble for the missing targets, a hundred to a call …");
                    var options = new LinkAuditOptions { Ask = parsed.GetValue(Ask), CsvFile = parsed.GetValue(Csv), Excel = parsed.GetValue(Excel) };
                    var report = await engine.AuditLinksAsync(options, token);
                    return context.Print(
                        () => LinkTable.Json(report, context.Next), console => LinkTable.Print(report, context.Next, console), options.CsvFile);
                },
                token);
        });
        return command;
    }
}
