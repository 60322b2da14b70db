using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.Etl;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>audit schema</c>: Bubble's types and fields against maps and tables.</summary>
internal static class AuditSchemaVerb
{
    private static readonly Option<string?> DdlFile = new("--ddl") { Description = "Write the statements that close the gaps to this file", HelpName = "FILE" };
    private static readonly Option<bool> Apply = new("--apply") { Description = "Run them, in one transaction: additions only" };
    private static readonly Option<bool> WriteMaps = new("--write-maps") { Description = "Add lines for unmapped fields to the entity maps, marked for review" };
    private static readonly Option<string?> Csv = new("--csv") { Description = "Write the findings to this file as CSV", HelpName = "FILE" };

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("schema", "Hold Bubble's types and fields against maps and tables, and close the gaps") { DdlFile, Apply, WriteMaps, Csv };
        command.SetAction((parsed, token) =>
        {
            var session = new Session(parsed) { WritesMaps = parsed.GetValue(WriteMaps) };
            return session.RunAsync(
                "audit schema",
                async engine =>
                {
                    var report = await engine.AuditSchemaAsync(new SchemaAuditOptions { Apply = parsed.GetValue(Apply), WriteMaps = parsed.GetValue(WriteMaps) }, token);
                    if (parsed.GetValue(DdlFile) is { } ddl)
                        await report.WriteDdlAsync(ddl, token);
                    if (parsed.GetValue(Csv) is { } csv)
                        await report.WriteCsvAsync(csv, token);
                    if (session.IsJson)
                        Console.Out.WriteLine(report.ToJson());
                    else
                        SchemaTable.Print(report, parsed.GetValue(Apply) || parsed.GetValue(WriteMaps), Terminal.Out);
                    return ExitCode.Done;
                },
                token);
        });
        return command;
    }
}
