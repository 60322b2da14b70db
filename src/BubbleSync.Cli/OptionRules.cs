using System.CommandLine;
using System.CommandLine.Parsing;

namespace BubbleSync.Cli;

/// <summary>Refuses options that would have no effect together, so that nobody relies on one that is ignored.</summary>
internal static class OptionRules
{
    /// <summary>Whether an option was typed.</summary>
    public static bool IsGiven(this CommandResult command, Option option) => command.GetResult(option) is { Implicit: false };

    /// <summary>Refuses options that have no effect beside another one.</summary>
    /// <param name="command">The command, while its line is checked.</param>
    /// <param name="option">The option.</param>
    /// <param name="why">What it does, so that the others have no effect.</param>
    /// <param name="idle">The others.</param>
    public static void Exclude(this CommandResult command, Option option, string why, params IEnumerable<Option> idle)
    {
        var given = idle.Where(command.IsGiven).Select(o => o.Name).ToList();
        if (command.IsGiven(option) && given.Count > 0)
            command.AddError($"{option.Name} {why}, so that {string.Join(", ", given)} {(given.Count == 1 ? "has" : "have")} no effect. "
                + $"Leave {option.Name} or {(given.Count == 1 ? given[0] : "the others")} out.");
    }

    /// <summary>Refuses an option that has no effect without one of others.</summary>
    /// <param name="command">The command, while its line is checked.</param>
    /// <param name="option">The option.</param>
    /// <param name="what">What it is about.</param>
    /// <param name="needed">The others.</param>
    public static void Require(this CommandResult command, Option option, string what, params IReadOnlyList<Option> needed)
    {
        if (command.IsGiven(option) && !needed.Any(command.IsGiven))
            command.AddError($"{option.Name} is about {what}. Name the file with {string.Join(" or ", needed.Select(o => $"{o.Name} {o.HelpName}"))}, "
                + $"or leave {option.Name} out.");
    }

    /// <summary>Returns the common options of these names.</summary>
    public static IEnumerable<Option> Common(params string[] names) => CommonOptions.All.Where(o => names.Contains(o.Name));
}
