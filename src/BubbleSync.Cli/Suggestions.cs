using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;

namespace BubbleSync.Cli;

/// <summary>Completes a line for a shell: <c>bubblesync "[suggest:POSITION]" "LINE"</c> prints one candidate a line.</summary>
internal sealed class Suggestions(SuggestDirective directive) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        // A value that follows its option's name at once is completed like one that stands alone.
        var line = parseResult.Tokens is [.., { Type: not TokenType.Directive } last] ? last.Value.Replace('=', ' ') : "";
        if (parseResult.GetResult(directive) is { Values: [var number, ..] }
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var position))
            line = line[..Math.Min(position, line.Length)];
        foreach (var candidate in Candidates(parseResult.RootCommandResult.Command.Parse(line), line.Split(' ')[^1]))
            Console.Out.WriteLine(candidate);
        return ExitCode.Done;
    }

    // Options only if one is begun, or if nothing else is possible.
    private static IEnumerable<string> Candidates(ParseResult line, string word)
    {
        var known = Known(line).Where(l => l.StartsWith(word, StringComparison.Ordinal)).ToList();
        var names = known.Where(l => l[0] is not ('-' or '/')).ToList();
        return word.StartsWith('-') ? Usage.Options(line.CommandResult).Where(o => o.StartsWith(word, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            : names.Count > 0 ? names
            : known.Where(l => l.StartsWith("--", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Known(ParseResult line)
    {
        try
        {
            return line.GetCompletions().Select(c => c.Label);
        }
        catch (InvalidOperationException)
        {
            // The library searches the last word as typed, and does not find a quoted one or @FILE.
            return [];
        }
    }
}
