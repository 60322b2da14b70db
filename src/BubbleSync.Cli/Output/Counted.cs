using System.Globalization;

namespace BubbleSync.Cli.Output;

/// <summary>Numbers of things in words.</summary>
internal static class Counted
{
    /// <summary>Returns <c>1 call</c>, or <c>1,200 calls</c>.</summary>
    /// <param name="number">How many.</param>
    /// <param name="one">The word for one of them.</param>
    /// <param name="many">The word for several, where it is not the same with an s.</param>
    public static string Of(long number, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:N0} {(number == 1 ? one : many ?? one + "s")}");
}
