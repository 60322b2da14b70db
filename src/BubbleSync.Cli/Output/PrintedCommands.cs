using System.CommandLine;
using System.Text;
using System.Text.RegularExpressions;

namespace BubbleSync.Cli.Output;

/// <summary>
/// Adds the options by which this command finds its configuration to the commands that the program prints, so
/// that they find the same maps and tables. Never the connection, which may hold a password.
/// </summary>
internal static partial class PrintedCommands
{
    private static readonly string[] Repeated = ["--config", "--schema", "--base-url"];

    /// <summary>From now on, completes the commands in lines on stderr, and on stdout if that carries text.</summary>
    public static void Repeat(ParseResult parsed)
    {
        var options = Options(parsed);
        // A log as JSON is for programs.
        if (options.Length == 0 || parsed.GetValue(CommonOptions.Log) == "json")
            return;

#pragma warning disable CA2000 // The console keeps them to the end.
        Console.SetError(new Lines(Console.Error, options));
        if (!CommonOptions.IsJson(parsed))
            Console.SetOut(new Lines(Console.Out, options));
#pragma warning restore CA2000
    }

    /// <summary>A line whose commands have these options.</summary>
    public static string With(string line, string options) => Command().Replace(line, found => found.Value.Contains(" --help", StringComparison.Ordinal) ? found.Value : $"{found.Value} {options}");

    private static string Options(ParseResult parsed) => string.Join(' ', Repeated
        .Select(name => (Name: name, Value: parsed.GetResult(name)?.Tokens is [{ Value: var value }, ..] ? value : null))
        .Where(o => o.Value is not null)
        .Select(o => $"{o.Name} {(o.Value!.Contains(' ', StringComparison.Ordinal) ? $"\"{o.Value}\"" : o.Value)}"));

    [GeneratedRegex(@"\bbubblesync (?:resync|sync|patch|audit|verify|schema|scaffold|runs|plan|doctor)(?: (?!and |to |or |without )[\w./:%-]+)*")]
    private static partial Regex Command();

    private sealed class Lines(TextWriter writer, string options) : TextWriter
    {
        public override Encoding Encoding => writer.Encoding;

        public override void Write(char value) => writer.Write(value);

        public override void Write(char[] buffer, int index, int count) => writer.Write(buffer, index, count);

        public override void Write(string? value) => writer.Write(value);

        public override void WriteLine(string? value) => writer.WriteLine(value is null ? null : With(value, options));

        public override void Flush() => writer.Flush();
    }
}
