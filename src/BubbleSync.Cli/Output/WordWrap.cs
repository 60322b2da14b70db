using System.Text.RegularExpressions;

namespace BubbleSync.Cli.Output;

/// <summary>
/// Breaks lines between words. A command that is broken still runs when it is copied: each of its lines but the last ends with the shell's sign for a line that
/// goes on, a word in quotes stays in one line, and a comment behind the command stays a comment. A word that is wider than the terminal stays whole.
/// </summary>
internal static partial class WordWrap
{
    // In a narrower terminal, lines would have hardly a word.
    private const int LeastWidth = 20;
    private const string Indent = "  ";
    private const string Comment = "#";
    private const string Program = "bubblesync";

    // The program's name is also that of a schema.
    private static readonly Lazy<HashSet<string>> Verbs = new(() => [.. CommandLine.Root().Subcommands.Select(c => c.Name)]);

    private static readonly string GoesOn = OperatingSystem.IsWindows() ? " `" : " \\";

    /// <summary>Returns the text with more line breaks; as it is without a width.</summary>
    public static string Of(string text, int? width) =>
        width is { } most && most >= LeastWidth && text.Length > most
            ? string.Join('\n', text.Split('\n').SelectMany(l => l.Length > most ? Lines(l, most) : [l]))
            : text;

    // The lines after the first are indented.
    private static IEnumerable<string> Lines(string line, int width)
    {
        var (now, isCommand, isComment, hasWord) = ("", false, false, false);
        for (var match = Word().Match(line); match.Success; match = (isCommand ? ShellWord() : Word()).Match(line, match.Index + match.Length))
        {
            var (gap, word) = (match.Groups[1].Value, match.Groups[2].Value);
            isComment |= isCommand && word == Comment;
            isCommand &= !isComment;
            // The sign needs room, wherever the command is broken next.
            var room = isCommand ? GoesOn.Length : 0;
            if (hasWord && now.Length + gap.Length + word.Length + room > width)
            {
                yield return now + (isCommand ? GoesOn : "");
                (now, gap) = (Indent, isComment && word != Comment ? $"{Comment} " : "");
            }

            now += gap + word;
            hasWord = true;
            isCommand = isCommand ? word[^1] is not (',' or '.' or ';') : word == Program && BeginsCommand(Word().Match(line, match.Index + match.Length));
        }

        yield return now;
    }

    private static bool BeginsCommand(Match next) =>
        next.Success && (next.Groups[2].Value[0] == '-' || Verbs.Value.Contains(next.Groups[2].Value.TrimEnd(',', '.', ';', ':', ')')));

    [GeneratedRegex("( *)([^ ]+)")]
    private static partial Regex Word();

    [GeneratedRegex("( *)((?:\"[^\"]*\"|[^ ])+)")]
    private static partial Regex ShellWord();
}
