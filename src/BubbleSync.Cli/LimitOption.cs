using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli;

/// <summary>Options that take a number or a part: <c>10</c>, <c>2.5%</c>.</summary>
internal static class LimitOption
{
    /// <summary>Makes one.</summary>
    public static Option<Limit?> Create(string name, string description, bool percentOnly) => new(name)
    {
        Description = description,
        HelpName = percentOnly ? "N%" : "N|N%",
        CustomParser = argument => Parse(argument, name, percentOnly),
    };

    /// <summary>Reads a number or a part; null where the text is neither.</summary>
    public static Limit? Read(string text, bool percentOnly)
    {
        var isPercent = percentOnly || text.EndsWith('%');
        return decimal.TryParse(text.EndsWith('%') ? text[..^1] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && (!isPercent || number <= 100)
            ? new Limit(number, isPercent)
            : null;
    }

    private static Limit? Parse(ArgumentResult argument, string name, bool percentOnly)
    {
        var text = argument.Tokens[0].Value;
        if (Read(text, percentOnly) is { } limit)
            return limit;

        argument.AddError($"{name} takes {(percentOnly ? "a part such as 20%" : "a number such as 10 or a part such as 2.5%")}, not '{text}'.");
        return null;
    }
}
