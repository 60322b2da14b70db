using System.Globalization;
using System.Text;

namespace BubbleSync.Etl.Schema.Dbt;

/// <summary>Writes texts into YAML, always in double quotes: no name from Bubble can end one or mean anything else than itself.</summary>
internal static class YamlText
{
    /// <summary>Quotes a text.</summary>
    public static string Of(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '"' or '\\')
                quoted.Append('\\').Append(rune);
            else if (IsPlain(rune))
                quoted.Append(rune);
            else
                quoted.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}");
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>Quotes a text that dbt treats as a template, so that it is shown as it is.</summary>
    public static string OfTemplate(string text) => Of(text.Replace("{", "{ ", StringComparison.Ordinal));

    private static bool IsPlain(Rune rune) => rune.Value == ' ' || Rune.IsLetterOrDigit(rune) || Rune.IsPunctuation(rune) || Rune.IsSymbol(rune);
}
