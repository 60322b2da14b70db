using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace BubbleSync.Cli;

/// <summary>Options that take a time such as <c>30s</c>, <c>10m</c>, <c>2h</c> or <c>1d</c>.</summary>
internal static class DurationOption
{
    /// <summary>Makes one that must be given: at least a second, at most a week.</summary>
    public static Option<TimeSpan> Required(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        Required = true,
        CustomParser = argument => Parse(argument, name),
    };

    /// <summary>Makes one that may be left out: at least a second, at most a week.</summary>
    public static Option<TimeSpan?> Optional(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = argument => Parse(argument, name),
    };

    private static TimeSpan Parse(ArgumentResult argument, string name)
    {
        var text = argument.Tokens[0].Value;
        TimeSpan? unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => null,
        };
        if (unit is { } one && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            && number <= TimeSpan.FromDays(7) / one)
            return number * one;

        argument.AddError($"{name} takes a time from 1s to 7d, such as 30s, 10m or 2h, not '{text}'.");
        return TimeSpan.FromDays(1);
    }
}
