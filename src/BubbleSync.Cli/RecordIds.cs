using System.CommandLine;
using BubbleSync.Etl;
using BubbleSync.Etl.Words;

namespace BubbleSync.Cli;

/// <summary>Ids of records: arguments, or a file of them.</summary>
internal static class RecordIds
{
    private static readonly char[] Separators = [' ', ',', ';', '\t', '\r', '\n'];

    /// <summary><c>--ids-file</c>.</summary>
    public static readonly Option<string?> File = new("--ids-file")
    {
        Description = "File of more ids, separated by spaces, commas or line ends",
        HelpName = "FILE"
    };

    /// <summary>Makes the argument <c>ID…</c>.</summary>
    public static Argument<string[]> Create(string description) =>
        new("ID") { Description = description, Arity = ArgumentArity.ZeroOrMore, DefaultValueFactory = _ => [] };

    /// <summary>Returns the ids of arguments and file.</summary>
    /// <exception cref="SyncException">There is none, or the file cannot be read.</exception>
    public static async Task<IReadOnlyList<string>> ReadAsync(ParseResult parsed, Argument<string[]> arguments, CancellationToken token)
    {
        List<string> ids = [.. parsed.GetValue(arguments)!.SelectMany(Split)];
        if (parsed.GetValue(File) is { } file)
            ids.AddRange(Split(await ReadAsync(file, token)));
        return ids.Count > 0 ? ids : throw Usage("There is no id to sync: name records, or give a file of ids with --ids-file.");
    }

    private static string[] Split(string text) => text.Split(Separators, StringSplitOptions.RemoveEmptyEntries);

    private static async Task<string> ReadAsync(string file, CancellationToken token)
    {
        try
        {
            return await System.IO.File.ReadAllTextAsync(file, token);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw Usage($"--ids-file: '{file}' cannot be read: {unreadable.Message}");
        }
    }

    private static SyncException Usage(string message) => new(new SyncError(SyncStage.Settings, null, null, "--ids-file", ErrorCode.Usage, message));
}
