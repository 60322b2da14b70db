using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli;

/// <summary>Finds errors in a command line, each with the word that was probably meant.</summary>
internal static partial class Usage
{
    // Options whose value may hold a secret; what reads them never quotes it.
    private static readonly string[] OptionsWithSecrets = ["--connection", "--base-url", "--notify", "--ping"];

    /// <summary>Returns all errors; none if the line can run.</summary>
    /// <param name="parsed">The command line, parsed.</param>
    /// <param name="words">The same as it was typed.</param>
    public static IReadOnlyList<string> Faults(ParseResult parsed, IReadOnlyList<string> words)
    {
        var command = parsed.CommandResult;
        // Help, version and suggestions ignore wrong words.
        if (parsed.Errors.Count == 0 && parsed.Action != command.Command.Action)
            return [];
        if (HasStraySecret(parsed))
            return [
                "A word looks like a connection string or a password, and it is not shown. "
                + "Put the whole connection string in quotation marks behind --connection, or better into BUBBLESYNC_Postgres__ConnectionString.",
            ];

        List<string> faults = [.. StrangeWords(parsed), .. Cut(words), .. Misplaced(command)];
        if (command.Command.Action is not null)
            faults.AddRange(
                parsed.Errors.Select(e => e.Message).Where(m => !parsed.UnmatchedTokens.Any(t => m.Contains($"'{t}'", StringComparison.Ordinal))).Distinct());
        else if (faults.Count == 0 && parsed.Errors.Count > 0)
            faults.Add($"'{Path(command)}' needs one word more: {string.Join(", ", command.Command.Subcommands.Select(c => c.Name))}.");

        if (faults.Count > 0)
            faults[^1] += $" Try: {Path(command)} --help";
        return faults;
    }

    /// <summary>The options that a command takes, those of all commands included.</summary>
    public static IEnumerable<string> Options(CommandResult command) =>
        Upwards(command).SelectMany(c => c.Command.Options.Where(o => c == command || o.Recursive)).Select(o => o.Name);

    // "--schema= orders" would take the next word as its value.
    private static IEnumerable<string> Cut(IReadOnlyList<string> words) => words.TakeWhile(w => w != "--")
        .Where(w => w.StartsWith("--", StringComparison.Ordinal) && w.EndsWith('='))
        .Select(w => $"'{w}' lacks its value: it must follow at once, or after a blank and without '='.");

    // Such an option belongs to the command before it, which is not run.
    private static IEnumerable<string> Misplaced(CommandResult command) => Upwards(command).Skip(1)
        .SelectMany(c => c.Children.OfType<OptionResult>().Where(o => !o.Implicit && !o.Option.Recursive)
            .Select(o => $"{o.Option.Name} is an option of '{Path(c)}', and has no effect on '{Path(command)}'. Leave it out."));

    // A verb's arguments, and options with several words, accept any word, even a mistyped option.
    private static IEnumerable<string> StrangeWords(ParseResult parsed)
    {
        var command = parsed.CommandResult;
        List<string> words =
            [.. parsed.UnmatchedTokens, .. command.Children.SelectMany(
                c => c.Tokens.Select(t => t.Value).Where(w => w.StartsWith(c is ArgumentResult ? "-" : "--", StringComparison.Ordinal)))];
        if (words.Count == 0)
            return [];
        // An unknown option may be followed by its value, an unknown command by its own words.
        if (IsOption(words[0]))
            return words.Where(IsOption)
                .Select(w => w.Split('=')[0]).Distinct().Select(o => $"There is no option '{o}'.{DidYouMean.Hint(o, Options(command))}");
        // The rest of a connection string without quotation marks may be the password.
        if (parsed.GetResult(OptionsWithSecrets[0]) is OptionResult { Implicit: false })
            return ["There is one word too many, and it is not shown: it may be a part of the connection string. Put the whole of it in quotation marks."];
        return command.Command.Subcommands.Count > 0
            ? [$"There is no '{words[0]}' here.{DidYouMean.Hint(words[0], command.Command.Subcommands.Select(c => c.Name))}"]
            : [$"'{words[0]}' is one word too many."];
    }

    // An error about such a word, as a file, schema or entity, would quote it.
    private static bool HasStraySecret(ParseResult parsed)
    {
        var given = OptionsWithSecrets.SelectMany(name => parsed.GetResult(name)?.Tokens.Select(t => t.Value) ?? []).ToList();
        return parsed.Tokens.Any(t => !IsOption(t.Value) && SecretWord().IsMatch(t.Value) && !given.Contains(t.Value));
    }

    private static bool IsOption(string word) => word.StartsWith('-');

    private static string Path(CommandResult command) =>
        string.Join(' ', Upwards(command).Reverse().Select(c => c.Command is RootCommand ? "bubblesync" : c.Command.Name));

    private static IEnumerable<CommandResult> Upwards(CommandResult? command)
    {
        for (; command is not null; command = command.Parent as CommandResult)
            yield return command;
    }

    [GeneratedRegex(
        @"\bpostgres(ql)?:|://[^/\s]*@|\b(password|passwd|pwd|psw|sslpassword|apitoken)\s*=",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretWord();
}
