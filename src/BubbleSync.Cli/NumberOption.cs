using System.CommandLine;
using System.Globalization;
using static System.FormattableString;

namespace BubbleSync.Cli;

/// <summary>Options that take a whole number within bounds.</summary>
internal static class NumberOption
{
    /// <summary>Makes one that has a default.</summary>
    public static Option<int> Create(string name, string description, int otherwise, int least, int most = int.MaxValue) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => otherwise,
        CustomParser = argument => (int)(Parse(argument.Tokens[0].Value, least, most) ?? Refuse(argument.AddError, name, least, most)),
    };

    /// <summary>Makes one that may be left out.</summary>
    public static Option<long?> Optional(string name, string description, long least) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = argument => Parse(argument.Tokens[0].Value, least, long.MaxValue) ?? Refuse(argument.AddError, name, least, long.MaxValue),
    };

    private static long? Parse(string text, long least, long most) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number : null;

    private static long Refuse(Action<string> addError, string name, long least, long most)
    {
        addError(most >= int.MaxValue
            ? Invariant($"{name} takes a whole number from {least} on.")
            : Invariant($"{name} takes a whole number from {least} to {most}."));
        return least;
    }
}
