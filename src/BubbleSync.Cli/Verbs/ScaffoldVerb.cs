using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>scaffold</c>: maps and table scripts for types that no file names yet.</summary>
internal static class ScaffoldVerb
{
    private static readonly Option<string[]> Type = new("--type")
    {
        Description = "This Bubble type; may be given several times",
        HelpName = "NAME",
        DefaultValueFactory = _ => [],
        AllowMultipleArgumentsPerToken = true
    };
    private static readonly Option<bool> All = new("--all") { Description = "All types of the Data API that have no map" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Print what would be written, and write nothing" };

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("scaffold", "Write entity maps and table scripts for Bubble types that have no map yet") { Type, All, DryRun };
        command.Validators.Add(given => given.Exclude(All, "takes every type that has no map", Type));
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed) { WritesMaps = !parsed.GetValue(DryRun) };
            return context.RunWithoutDatabaseAsync(
                "scaffold",
                async engine =>
                {
                    context.Tell("Asking Bubble for its types and fields, and for some records of each …");
                    var report = await engine.ScaffoldAsync(
                        new ScaffoldOptions { Types = parsed.GetValue(Type)!, All = parsed.GetValue(All), DryRun = parsed.GetValue(DryRun) }, token);
                    return context.Print(report.ToJson, console => ScaffoldTable.Print(report, context.Next, console));
                },
                token);
        });
        return command;
    }
}
