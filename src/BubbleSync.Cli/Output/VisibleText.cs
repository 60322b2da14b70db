using System.Buffers;
using System.Globalization;
using System.Text;

namespace BubbleSync.Cli.Output;

/// <summary>
/// Text for a terminal: characters that a terminal would obey, or that change the order of what is read, are written as <c>\u001B</c>. Names, ids and
/// messages come from Bubble and from the server, so all printed text passes here; JSON and CSV stay exact and do not.
/// </summary>
internal static class VisibleText
{
    // All of C0 but tab and line feed, DEL, all of C1; separators of lines; marks, embeddings, overrides and isolates of direction (Unicode, UAX 9).
    private static readonly SearchValues<char> Unsafe = SearchValues.Create(
    [
        .. Range(0, 0x08), .. Range(0x0B, 0x1F), .. Range(0x7F, 0x9F), '\u061C', '\u200E', '\u200F', .. Range(0x2028, 0x202E), .. Range(0x2066, 0x2069),
    ]);

    /// <summary>Returns the text with every such character made visible.</summary>
    public static string Of(string text)
    {
        if (!text.AsSpan().ContainsAny(Unsafe))
            return text;

        var visible = new StringBuilder(text.Length + 16);
        foreach (var (index, letter) in text.Index())
        {
            var endsLine = letter == '\r' && index + 1 < text.Length && text[index + 1] == '\n';
            if (!endsLine && Unsafe.Contains(letter))
                visible.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:X4}");
            else
                visible.Append(letter);
        }

        return visible.ToString();
    }

    /// <summary>Wraps a console's writer, so that whatever is printed there is visible text, in lines that fit.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="width">Returns the number of columns; null where lines may have any length.</param>
    public static TextWriter Over(TextWriter writer, Func<int?>? width = null) => new Lines(writer, width ?? (() => null));

    private static IEnumerable<char> Range(int first, int last) => Enumerable.Range(first, last - first + 1).Select(c => (char)c);

    private sealed class Lines(TextWriter writer, Func<int?> width) : TextWriter
    {
        public override Encoding Encoding => writer.Encoding;

        public override void Write(char value) => writer.Write(Of(value.ToString()));

        public override void Write(char[] buffer, int index, int count) => writer.Write(Of(new string(buffer, index, count)));

        public override void Write(string? value) => writer.Write(value is null ? null : Of(value));

        public override void WriteLine(string? value) => writer.WriteLine(value is null ? null : WordWrap.Of(Of(value), width()));

        public override void Flush() => writer.Flush();
    }
}
