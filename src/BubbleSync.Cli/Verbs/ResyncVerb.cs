using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.Etl;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>resync</c>: the full history.</summary>
internal static class ResyncVerb
{
    private static readonly Option<string[]> Entity = new("--entity") { Description = "Only this entity; may be given several times", HelpName = "NAME", DefaultValueFactory = _ => [] };
    private static readonly Option<bool> Force = new("--force") { Description = "Take Bubble's values even over rows edited here since, or newer" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Do everything in a transaction that is rolled back; print what would change" };

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("resync", "Read the full history of all (or the named) entities and merge it") { Entity, Force, DryRun };
        command.SetAction((parsed, token) =>
        {
            var session = new Session(parsed);
            var options = new ResyncOptions { Entities = parsed.GetValue(Entity)!, Force = parsed.GetValue(Force), DryRun = parsed.GetValue(DryRun) };
            return session.RunAsync("resync", async engine => session.Print(await LiveProgress.ShowAsync(progress => engine.ResyncAsync(options, progress, token))), token);
        });
        return command;
    }
}
