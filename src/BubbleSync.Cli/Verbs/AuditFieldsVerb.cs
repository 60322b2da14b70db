using System.CommandLine;
using BubbleSync.Cli.Output;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>audit fields</c>: which fields are mapped, sent and stored, and how much of them.</summary>
internal static class AuditFieldsVerb
{
    private static readonly OutputFileOption Csv = new("--csv", "Write the rows to this file as CSV");
    private static readonly Option<bool> Excel = ExcelOption.Create();
    private static readonly Option<bool> Shapes = new("--shapes") { Description = "Add a last column 'shapes' to the CSV: the form of the values" };
    private static readonly Option<string[]> Entity = EntityOption.Create();

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("fields", "Report for each field whether it is mapped, sent and stored") { Csv, Excel, Shapes, Entity };
        ExcelOption.RequireFile(command, Excel, Csv);
        ExcelOption.RequireFile(command, Shapes, Csv);
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            return context.RunAsync(
                "audit fields",
                async engine =>
                {
                    var report = await context.ShowAsync(
                        progress => engine.AuditFieldsAsync(parsed.GetValue(Entity)!, progress, token), StopNotice.Comparison);
                    if (parsed.GetValue(Csv) is { } file)
                        await report.WriteCsvAsync(file, parsed.GetValue(Shapes), parsed.GetValue(Excel), token);
                    return context.Print(report.ToJson, console => FieldTable.Print(report, context.Next, console), parsed.GetValue(Csv));
                },
                token);
        });
        return command;
    }
}
