using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.Etl;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>audit links</c>: relations whose target is missing.</summary>
internal static class AuditLinksVerb
{
    private static readonly Option<string?> Csv = new("--csv") { Description = "Write every missing target to this file as CSV", HelpName = "FILE" };
    private static readonly Option<bool> Ask = new("--ask") { Description = "Ask Bubble which of the targets it still has, and tell the command that fetches them" };

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("links", "Find links in the tables whose target is in none of them") { Csv, Ask };
        command.SetAction((parsed, token) =>
        {
            var session = new Session(parsed);
            return session.RunAsync(
                "audit links",
                async engine =>
                {
                    var report = await engine.AuditLinksAsync(new LinkAuditOptions { Ask = parsed.GetValue(Ask), CsvFile = parsed.GetValue(Csv) }, token);
                    if (session.IsJson)
                        Console.Out.WriteLine(report.ToJson());
                    else
                        LinkTable.Print(report, Terminal.Out);
                    return ExitCode.Done;
                },
                token);
        });
        return command;
    }
}
