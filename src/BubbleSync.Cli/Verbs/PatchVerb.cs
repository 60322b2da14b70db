using System.CommandLine;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>patch</c>: the patch stage alone.</summary>
internal static class PatchVerb
{
    private static readonly Argument<string[]> Names =
        new("NAME") { Description = "A patch's name or number; default all", DefaultValueFactory = _ => [], Arity = ArgumentArity.ZeroOrMore };

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        Names.CompletionSources.Add(ConfiguredNames.Patches);
        var command = new Command("patch", "Run only the patches") { Names };
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            return context.RunAsync("patch", async engine => context.Print(await engine.PatchAsync(parsed.GetValue(Names)!, token)), token);
        });
        return command;
    }
}
