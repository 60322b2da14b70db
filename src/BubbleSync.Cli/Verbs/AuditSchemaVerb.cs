using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>audit schema</c>: Bubble's types and fields against maps and tables.</summary>
internal static class AuditSchemaVerb
{
    private static readonly OutputFileOption DdlFile = new("--ddl", "Write SQL statements for the additions to this file");
    private static readonly Option<bool> Apply = new("--apply") { Description = "Run the additions in one transaction" };
    private static readonly Option<bool> WriteMaps = new("--write-maps") { Description = "Add unmapped fields to the entity maps, with the note 'review'" };
    private static readonly OutputFileOption Csv = new("--csv", "Write the findings to this file as CSV");
    private static readonly Option<bool> Excel = ExcelOption.Create();
    private static readonly Option<string> FailOn = ChoiceOption.Create(
        "--fail-on", "End with exit code 1 if anything differs that asks for action (drift), for CI", "none", "none", "drift");

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("schema", "Compare Bubble's types and fields with maps and tables, and close the gaps")
        {
            DdlFile, Apply, WriteMaps, Csv, Excel, FailOn,
        };
        ExcelOption.RequireFile(command, Excel, Csv);
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed) { WritesMaps = parsed.GetValue(WriteMaps) };
            return context.RunAsync(
                "audit schema",
                async engine =>
                {
                    context.Tell("Asking Bubble for its types and fields, and for some records of each …");
                    var report = await engine.AuditSchemaAsync(
                        new SchemaAuditOptions { Apply = parsed.GetValue(Apply), WriteMaps = parsed.GetValue(WriteMaps) }, token);
                    if (parsed.GetValue(DdlFile) is { } ddl)
                        await report.WriteDdlAsync(ddl, token);
                    if (parsed.GetValue(Csv) is { } csv)
                        await report.WriteCsvAsync(csv, parsed.GetValue(Excel), token);
                    context.Print(
                        report.ToJson, console => SchemaTable.Print(report, parsed.GetValue(Apply) || parsed.GetValue(WriteMaps), context.Next, console),
                        parsed.GetValue(DdlFile), parsed.GetValue(Csv));
                    return parsed.GetValue(FailOn) == "drift" && report.HasDrift ? ExitCode.Partial : ExitCode.Done;
                },
                token);
        });
        return command;
    }
}
