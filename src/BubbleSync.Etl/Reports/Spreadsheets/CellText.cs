using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace BubbleSync.Etl.Reports.Spreadsheets;

/// <summary>Returns texts as a cell of a workbook can have them: as long as a cell may be, and with characters that XML forbids as <c>_x001F_</c>.</summary>
internal static partial class CellText
{
    /// <summary>The number of characters that a cell has at most.</summary>
    public const int Longest = 32_767;

    private const string End = "… (cut off)";

    /// <summary>Returns a text for a cell.</summary>
    public static string Of(string text) => Forbidden().Replace(Cut(text), match => match.Value[0] == '_' ? "_x005F_" : Escape(match.Value[0]));

    private static string Cut(string text)
    {
        if (text.Length <= Longest)
            return text;

        var length = Longest - End.Length;
        return new StringBuilder(Longest).Append(text, 0, char.IsHighSurrogate(text[length - 1]) ? length - 1 : length).Append(End).ToString();
    }

    private static string Escape(char letter) => string.Create(CultureInfo.InvariantCulture, $"_x{(int)letter:X4}_");

    // Also the underscore of a text that looks like such an escape, and a carriage return, of which XML would make a line feed.
    [GeneratedRegex(@"[\u0000-\u0008\u000B-\u001F\uFFFE\uFFFF]|_(?=x[0-9A-Fa-f]{4}_)")]
    private static partial Regex Forbidden();
}
