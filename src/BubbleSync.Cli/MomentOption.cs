using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace BubbleSync.Cli;

/// <summary>Options that take a moment or a whole day: <c>2026-03-01T08:00:00Z</c>, <c>2026-03-01</c>. Without a zone UTC is meant.</summary>
internal static class MomentOption
{
    private static readonly string[] Formats =
    [
        "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mmK", "yyyy-MM-dd HH:mm:ssK",
        "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>Makes one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="isEnd">Whether a day means its last moment rather than its first.</param>
    public static Option<DateTimeOffset> Create(string name, string description, bool isEnd) => new(name)
    {
        Description = description,
        HelpName = "ISO",
        CustomParser = argument => Parse(argument, name, isEnd),
    };

    private static DateTimeOffset Parse(ArgumentResult argument, string name, bool isEnd)
    {
        var text = argument.Tokens[0].Value;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            return new DateTimeOffset(day.ToDateTime(isEnd ? new TimeOnly(23, 59, 59, 999) : TimeOnly.MinValue), TimeSpan.Zero);
        if (DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
            return moment.ToUniversalTime();

        argument.AddError($"{name} takes a moment such as 2026-03-01T08:00:00Z or a day such as 2026-03-01, not '{text}'.");
        return default;
    }
}
