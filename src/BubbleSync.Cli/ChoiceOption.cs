using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Cli;

/// <summary>Options with a list of given words.</summary>
internal static class ChoiceOption
{
    private const int LongestList = 22;

    /// <summary>Returns a value as it is typed.</summary>
    public static string AsTyped(object value) => value is Enum member ? JsonNamingPolicy.KebabCaseLower.ConvertName($"{member}") : $"{value}";

    /// <summary>Makes one that has a default.</summary>
    public static Option<string> Create(string name, string description, string otherwise, params IReadOnlyList<string> choices)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => otherwise };
        Restrict(option, choices);
        return option;
    }

    /// <summary>Makes one that takes the words of an enum and has a default.</summary>
    public static Option<T> Create<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields)] T>(string name, string description, T otherwise)
        where T : struct, Enum
    {
        var option = new Option<T>(name)
        {
            Description = description,
            DefaultValueFactory = _ => otherwise,
            CustomParser = given => Parse<T>(given) ?? otherwise,
        };
        Restrict(option, Word.All<T>());
        return option;
    }

    /// <summary>Makes one that takes the words of an enum, except some, and is optional.</summary>
    public static Option<T?> Optional<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields)] T>(
        string name, string description, params IEnumerable<T> except)
        where T : struct, Enum
    {
        List<string> words = [.. Word.All<T>().Except(except.Select(Word.Of))];
        var option = new Option<T?>(name) { Description = description, CustomParser = Parse<T> };
        Restrict(option, words);
        return option;
    }

    // The check below reports any other word.
    private static T? Parse<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields)] T>(ArgumentResult given)
        where T : struct, Enum => given.Tokens is [{ Value: var word }] && Word.All<T>().Contains(word) ? Word.Parse<T>(word) : null;

    private static void Restrict(Option option, IReadOnlyList<string> choices)
    {
        option.CompletionSources.Add([.. choices]);
        // Many words would push all explanations to the right.
        var list = string.Join('|', choices);
        if (list.Length <= LongestList)
            option.HelpName = list;
        else
            (option.HelpName, option.Description) = (option.Name.TrimStart('-').ToUpperInvariant(), $"{option.Description}: {string.Join(", ", choices)}");
        option.Validators.Add(given =>
        {
            foreach (var word in given.Tokens.Select(t => t.Value).Except(choices))
                given.AddError($"{option.Name} does not take '{word}'.{DidYouMean.Hint(word, choices)}");
        });
    }
}
