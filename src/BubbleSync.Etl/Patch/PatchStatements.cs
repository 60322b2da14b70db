using System.Text.RegularExpressions;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Patch;

/// <summary>Looks at a patch's statements without a database.</summary>
internal static partial class PatchStatements
{
    /// <summary>
    /// Returns the first word that would end the transaction a patch runs in, and with it the promise that a patch happens wholly or not at all; or null.
    /// Comments, texts, quoted names and bodies of functions are not looked into.
    /// </summary>
    public static string? TransactionWord(string sql) => Split(sql)
        .Select(statement => First().Match(statement.Bare))
        .FirstOrDefault(word => word.Success)?.Value.Trim().ToLowerInvariant();

    /// <summary>Whether there is no statement at all.</summary>
    public static bool IsEmpty(string sql) => Split(sql).All(statement => string.IsNullOrWhiteSpace(statement.Bare));

    /// <summary>
    /// Returns the patch as it can be sent. Npgsql cuts a text into statements at each semicolon, those between <c>begin atomic</c> and <c>end</c> too; such a
    /// statement is sent as a text that the server executes.
    /// </summary>
    public static string Sendable(string sql)
    {
        var statements = Split(sql);
        return statements.Exists(s => s.IsAtomic)
            ? string.Join(";\n", statements.Select(s => s.IsAtomic ? $"do $bubblesync$ begin execute {Identifier.Literal(s.Text)}; end $bubblesync$" : s.Text))
            : sql;
    }

    // Cut at semicolons outside of what is hidden, and outside of bodies that begin with "begin atomic": in these each "case" has an "end" of its own.
    private static List<Statement> Split(string sql)
    {
        var bare = Hidden().Replace(sql, hidden => new string(' ', hidden.Length));
        var statements = new List<Statement>();
        var (start, depth, isAtomic) = (0, 0, false);
        foreach (Match word in Border().Matches(bare))
        {
            var isEnd = word.Value == ";" && depth == 0;
            if (isEnd)
            {
                statements.Add(Cut(start, word.Index, isAtomic));
                (start, isAtomic) = (word.Index + 1, false);
            }

            isAtomic |= word.Groups["atomic"].Success;
            depth += word.Groups["atomic"].Success || (depth > 0 && word.Groups["case"].Success) ? 1 : depth > 0 && word.Groups["end"].Success ? -1 : 0;
        }

        statements.Add(Cut(start, sql.Length, isAtomic));
        return statements;

        Statement Cut(int from, int to, bool withBody) => new(sql[from..to], bare[from..to], withBody);
    }

    private sealed record Statement(string Text, string Bare, bool IsAtomic);

    [GeneratedRegex(@"--[^\n]*|/\*.*?\*/|\b[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|""(?:[^""]|"""")*""|\$(?<tag>\w*)\$.*?\$\k<tag>\$", RegexOptions.Singleline)]
    private static partial Regex Hidden();

    [GeneratedRegex(@";|(?<atomic>\bbegin\s+atomic\b)|(?<case>\bcase\b)|(?<end>\bend\b)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Border();

    [GeneratedRegex(@"^\s*(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex First();
}
