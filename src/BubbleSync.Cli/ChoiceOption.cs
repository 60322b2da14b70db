using System.CommandLine;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli;

/// <summary>Options that take one of some words.</summary>
internal static class ChoiceOption
{
    /// <summary>Makes one that has a default.</summary>
    public static Option<string> Create(string name, string description, string otherwise, params IReadOnlyList<string> choices)
    {
        var option = new Option<string>(name) { Description = description, HelpName = string.Join("|", choices), DefaultValueFactory = _ => otherwise };
        Restrict(option, choices);
        return option;
    }

    /// <summary>Makes one that may be left out.</summary>
    public static Option<string?> Optional(string name, string description, params IReadOnlyList<string> choices)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = string.Join("|", choices) };
        Restrict(option, choices);
        return option;
    }

    private static void Restrict(Option option, IReadOnlyList<string> choices)
    {
        option.CompletionSources.Add([.. choices]);
        option.Validators.Add(given =>
        {
            foreach (var word in given.Tokens.Select(t => t.Value).Except(choices))
                given.AddError($"{option.Name} does not take '{word}'.{DidYouMean.Hint(word, choices)}");
        });
    }
}
