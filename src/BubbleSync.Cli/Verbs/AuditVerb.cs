using System.CommandLine;
using BubbleSync.Cli.Output;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>audit fields</c>: which fields are mapped, sent and stored, and how much of them.</summary>
internal static class AuditVerb
{
    private static readonly Option<string?> Csv = new("--csv") { Description = "Write the rows to this file as CSV", HelpName = "FILE" };
    private static readonly Option<bool> Shapes = new("--shapes") { Description = "Add what the values look like to the CSV as a last column, 'shapes'" };
    private static readonly Option<string[]> Entity = EntityOption.Create();

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var fields = new Command("fields", "Tell for each field whether it is mapped, sent and stored") { Csv, Shapes, Entity };
        fields.SetAction((parsed, token) =>
        {
            var session = new Session(parsed);
            return session.RunAsync(
                "audit fields",
                async engine =>
                {
                    var report = await session.ShowAsync(progress => engine.AuditFieldsAsync(parsed.GetValue(Entity)!, progress, token));
                    if (parsed.GetValue(Csv) is { } file)
                        await report.WriteCsvAsync(file, parsed.GetValue(Shapes), token);
                    if (session.IsJson)
                        Console.Out.WriteLine(report.ToJson());
                    else
                        FieldTable.Print(report, Terminal.Out);
                    return ExitCode.Done;
                },
                token);
        });
        return new Command("audit", "What is mapped, what is stored, what leads nowhere") { fields, AuditValuesVerb.Command(), AuditSchemaVerb.Command(), AuditLinksVerb.Command() };
    }
}
