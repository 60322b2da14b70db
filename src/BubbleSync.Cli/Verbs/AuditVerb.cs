using System.CommandLine;
using BubbleSync.Cli.Output;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>audit fields</c>: which fields are mapped, sent and stored.</summary>
internal static class AuditVerb
{
    private static readonly Option<string?> Csv = new("--csv") { Description = "Write the rows to this file as CSV", HelpName = "FILE" };
    private static readonly Option<string[]> Entity = EntityOption.Create();

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var fields = new Command("fields", "Tell for each field whether it is mapped, sent and stored") { Csv, Entity };
        fields.SetAction((parsed, token) =>
        {
            var session = new Session(parsed);
            return session.RunAsync(
                "audit fields",
                async engine =>
                {
                    var report = await engine.AuditFieldsAsync(parsed.GetValue(Entity)!, token);
                    if (parsed.GetValue(Csv) is { } file)
                        await report.WriteCsvAsync(file, token);
                    if (session.IsJson)
                        Console.Out.WriteLine(report.ToJson());
                    else
                        FieldTable.Print(report, Terminal.Out);
                    return ExitCode.Done;
                },
                token);
        });
        return new Command("audit", "What is mapped, what is stored, what leads nowhere") { fields, AuditValuesVerb.Command(), AuditLinksVerb.Command() };
    }
}
