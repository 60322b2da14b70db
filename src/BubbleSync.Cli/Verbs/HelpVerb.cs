using System.CommandLine;
using System.CommandLine.Parsing;
using BubbleSync.Cli.Help;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>help</c>: the same as <c>--help</c> behind a command.</summary>
internal static class HelpVerb
{
    private static readonly Argument<string[]> Words = new("COMMAND")
    {
        Description = "The words of a command; none for the program itself",
        Arity = ArgumentArity.ZeroOrMore,
        DefaultValueFactory = _ => [],
    };

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        Words.CompletionSources.Add(line => Find(line.ParseResult.RootCommandResult.Command, Typed(line.ParseResult.GetResult(Words))).Below);
        Words.Validators.Add(given =>
        {
            var (command, unknown, _) = Find(Root(given), Typed(given));
            if (unknown is not null)
                given.AddError($"There is no command '{unknown}' here.{DidYouMean.Hint(unknown, command.Subcommands.Select(c => c.Name))}");
        });
        var verb = new Command("help", "Show what a command does, its options and examples") { Words };
        verb.SetAction(parsed => HelpAction.Print(Find(parsed.RootCommandResult.Command, parsed.GetValue(Words)!).Command, CommonOptions.IsJson(parsed)));
        return verb;
    }

    private static string[] Typed(ArgumentResult? given) => [.. given?.Tokens.Select(t => t.Value) ?? []];

    private static Command Root(SymbolResult given)
    {
        while (given.Parent is { } parent)
            given = parent;
        return ((CommandResult)given).Command;
    }

    // The last command that the words name, and the first word that names none.
    private static (Command Command, string? Unknown, IEnumerable<string> Below) Find(Command root, IEnumerable<string> words)
    {
        var command = root;
        foreach (var word in words)
        {
            if (command.Subcommands.FirstOrDefault(c => c.Name == word) is not { } below)
                return (command, word, command.Subcommands.Select(c => c.Name));
            command = below;
        }

        return (command, null, command.Subcommands.Select(c => c.Name));
    }
}
