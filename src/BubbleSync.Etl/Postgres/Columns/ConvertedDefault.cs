using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace BubbleSync.Etl.Postgres.Columns;

/// <summary>
/// Decides whether a column's default has a counterpart in another type. PostgreSQL stores the new default without computing it, so that one without a
/// counterpart would make each later insert fail.
/// </summary>
internal static partial class ConvertedDefault
{
    private static readonly string[] Booleans = ["true", "t", "yes", "y", "on", "1", "false", "f", "no", "n", "off", "0"];

    /// <summary>Whether it surely has one. Only of a literal that is known.</summary>
    /// <param name="from">The type of the column.</param>
    /// <param name="to">The wanted type.</param>
    /// <param name="expression">The default, as PostgreSQL writes it.</param>
    public static bool Fits(string from, string to, string expression)
    {
        if (!(to == "boolean" || (ColumnChange.IsText(from) && to != "text")) || expression.StartsWith("NULL", StringComparison.Ordinal))
            return true;
        if (Literal().Match(expression) is not { Success: true } literal)
            return false;

        var value = (literal.Groups["text"].Value.Replace("''", "'", StringComparison.Ordinal) + literal.Groups["number"].Value).Trim(' ', '\t', '\r', '\n');
        if (!ColumnChange.IsText(from))
            return decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is 0 or 1;

        return value.Length == 0 || to switch
        {
            "boolean" => Booleans.Contains(value, StringComparer.OrdinalIgnoreCase),
            "integer" => Integer().IsMatch(value),
            "numeric" => Number().IsMatch(value),
            "jsonb" => IsJson(value),
            _ => !value.StartsWith('['),
        };
    }

    private static bool IsJson(string value)
    {
        try
        {
            using var document = JsonDocument.Parse(value);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    [
        GeneratedRegex(
            @"^\(?('(?<text>([^']|'')*)'|\(?(?<number>-?[\d.]+)\)?)(::[\w ]+(\(\d+(,\d+)?\))?)?\)?\z",
            RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant),
    ]
    private static partial Regex Literal();

    [GeneratedRegex(@"^[+-]?\d{1,9}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
