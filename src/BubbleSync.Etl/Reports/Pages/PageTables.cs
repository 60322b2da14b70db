using System.Globalization;

namespace BubbleSync.Etl.Reports.Pages;

/// <summary>Writes tables of a page row by row.</summary>
internal sealed class PageTables(TextWriter page)
{
    // Longer values are in the workbook.
    private const int LongestValue = 500;

    /// <summary>Begins a table.</summary>
    /// <param name="caption">What it shows.</param>
    /// <param name="columns">The heads of its columns; <c>#</c> in front marks a column of numbers.</param>
    public void Begin(string caption, params IReadOnlyList<string> columns)
    {
        page.Write($"<div class=\"wide\"><table>\n<caption>{HtmlText.Of(caption)}</caption>\n<thead><tr>");
        foreach (var column in columns)
            page.Write($"<th scope=\"col\"{(column[0] == '#' ? " class=\"number\"" : "")}>{HtmlText.Of(column.TrimStart('#'))}</th>");
        page.Write("</tr></thead>\n<tbody>\n");
    }

    /// <summary>Writes a row of texts and numbers.</summary>
    public void Row(params IReadOnlyList<object> cells)
    {
        page.Write("<tr>");
        foreach (var cell in cells)
        {
            page.Write(cell is long number
                ? $"<td class=\"number\">{number.ToString("N0", CultureInfo.InvariantCulture)}</td>"
                : $"<td>{HtmlText.Value(Short($"{cell}"))}</td>");
        }

        page.Write("</tr>\n");
    }

    /// <summary>Ends the table.</summary>
    public void End() => page.Write("</tbody>\n</table></div>\n");

    private static string Short(string text) => text.Length <= LongestValue
        ? text
        : $"{text[..(LongestValue - (char.IsHighSurrogate(text[LongestValue - 1]) ? 1 : 0))]}… (cut off)";
}
