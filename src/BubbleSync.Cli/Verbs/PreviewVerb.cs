using System.CommandLine;
using BubbleSync.Cli.Output;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>preview</c>: records as they would be stored.</summary>
internal static class PreviewVerb
{
    private static readonly Argument<string> Entity = new("ENTITY") { Description = "The entity, as its map names it" };
    private static readonly Option<int> Rows = NumberOption.Create("--rows", "The number of records (default 10)", otherwise: 10, least: 1, most: 100);

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        Entity.CompletionSources.Add(ConfiguredNames.Entities);
        var command = new Command("preview", "Show the newest records of an entity as they would be stored; write nothing") { Entity, Rows };
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            return context.RunWithDatabaseIfAnyAsync(
                "preview",
                async engine =>
                {
                    var report = await engine.PreviewAsync(parsed.GetValue(Entity)!, parsed.GetValue(Rows), token);
                    return context.Print(report.ToJson, console => PreviewTable.Print(report, console));
                },
                token);
        });
        return command;
    }
}
