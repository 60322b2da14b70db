using System.Text;

namespace BubbleSync.Etl.Reports.Spreadsheets;

/// <summary>
/// Writes texts to CSV so that a double click on the file keeps them: as the formula <c>="0123"</c>, whose result is exactly this text. Excel and LibreOffice
/// would else drop leading zeros, round long numbers and make dates of texts such as <c>1-2</c>. A leading tab or apostrophe would become part of the value.
/// </summary>
internal static class ExcelText
{
    // Excel's limits for one text in a formula, and for the whole formula.
    private const int LongestLiteral = 255;
    private const int LongestFormula = 8192;

    /// <summary>Returns the cell for a text.</summary>
    public static string Of(string text)
    {
        if (text.Length == 0 || IsNothingElse(text))
            return text;

        var formula = Formula(text);
        return formula.Length <= LongestFormula ? formula : CsvFile.IsFormula(text) ? "'" + text : text;
    }

    // No number, date or formula is that long and begins like this; JSON of a record does.
    private static bool IsNothingElse(string text) => text.Length > LongestLiteral && (char.IsLetter(text[0]) || text[0] is '{' or '[');

    private static string Formula(string text)
    {
        var (formula, literal) = (new StringBuilder("=\""), 0);
        foreach (var rune in text.EnumerateRunes())
        {
            // LibreOffice takes a cell with a line break for a text, never for a formula.
            if (rune.Value is '\n' or '\r')
            {
                formula.Append(rune.Value == '\n' ? "\"&CHAR(10)&\"" : "\"&CHAR(13)&\"");
                literal = 0;
                continue;
            }

            var part = rune.Value == '"' ? "\"\"" : rune.ToString();
            if (literal + part.Length > LongestLiteral)
            {
                formula.Append("\"&\"");
                literal = 0;
            }

            formula.Append(part);
            literal += part.Length;
        }

        return formula.Append('"').ToString();
    }
}
