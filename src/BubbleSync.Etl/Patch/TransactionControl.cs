using System.Text.RegularExpressions;

namespace BubbleSync.Etl.Patch;

/// <summary>Finds statements that would end the transaction a patch runs in, and with it the promise that a patch happens wholly or not at all.</summary>
internal static partial class TransactionControl
{
    /// <summary>The first such word, or null. Comments, texts, quoted names and bodies between dollars are not looked into.</summary>
    public static string? Find(string sql) => Hidden().Replace(sql, " ").Split(';')
        .Select(statement => First().Match(statement))
        .FirstOrDefault(word => word.Success)?.Value.Trim().ToLowerInvariant();

    [GeneratedRegex(@"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|""(?:[^""]|"""")*""|\$(?<tag>\w*)\$.*?\$\k<tag>\$", RegexOptions.Singleline)]
    private static partial Regex Hidden();

    [GeneratedRegex(@"^\s*(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b", RegexOptions.IgnoreCase)]
    private static partial Regex First();
}
