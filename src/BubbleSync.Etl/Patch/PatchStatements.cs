using System.Text.RegularExpressions;

namespace BubbleSync.Etl.Patch;

/// <summary>Looks at a patch's statements without a database.</summary>
internal static partial class PatchStatements
{
    /// <summary>The first word that would end the transaction a patch runs in, and with it the promise that a patch happens wholly or not at all; or null. Comments, texts, quoted names and bodies between dollars are not looked into.</summary>
    public static string? TransactionWord(string sql) => Hidden().Replace(sql, " ").Split(';')
        .Select(statement => First().Match(statement))
        .FirstOrDefault(word => word.Success)?.Value.Trim().ToLowerInvariant();

    /// <summary>Whether there is no statement at all.</summary>
    public static bool IsEmpty(string sql) => Hidden().Replace(sql, " ").Trim(' ', '\t', '\r', '\n', ';').Length == 0;

    [GeneratedRegex(@"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|""(?:[^""]|"""")*""|\$(?<tag>\w*)\$.*?\$\k<tag>\$", RegexOptions.Singleline)]
    private static partial Regex Hidden();

    [GeneratedRegex(@"^\s*(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b", RegexOptions.IgnoreCase)]
    private static partial Regex First();
}
