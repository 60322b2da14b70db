using System.Text.RegularExpressions;

namespace BubbleSync.Etl.Postgres;

/// <summary>Finds the statements of a script without a database: of a patch, or of a script that creates a table.</summary>
internal static partial class SqlStatements
{
    /// <summary>
    /// Returns the first word that would end the transaction a script runs in, and with it the promise that it happens wholly or not at all; or null.
    /// Comments, texts, quoted names and bodies of functions are not examined.
    /// </summary>
    public static string? TransactionWord(string sql) => Split(sql)
        .Select(statement => First().Match(statement.Bare))
        .FirstOrDefault(word => word.Success)?.Value.Trim().ToLowerInvariant();

    /// <summary>Whether there is no statement at all.</summary>
    public static bool IsEmpty(string sql) => Split(sql).All(statement => string.IsNullOrWhiteSpace(statement.Bare));

    /// <summary>
    /// Returns the script as it can be sent. Npgsql cuts a text into statements at each semicolon, those between <c>begin atomic</c> and <c>end</c> too; such a
    /// statement is sent as a text that the server executes.
    /// </summary>
    public static string Sendable(string sql)
    {
        var statements = Split(sql);
        return statements.Exists(s => s.IsAtomic)
            ? string.Join(";\n", statements.Select(s => s.IsAtomic ? $"do $bubblesync$ begin execute {Identifier.Literal(s.Text)}; end $bubblesync$" : s.Text))
            : sql;
    }

    /// <summary>Returns several statements, without parameters, as one that the server runs in a single step.</summary>
    public static string AsOne(string sql) => $"do $bubblesync$ begin execute {Identifier.Literal(sql)}; end $bubblesync$";

    /// <summary>
    /// Returns the statements, each so that its failure is raised again as P0001 with its own SQLSTATE as the hint. Npgsql breaks the connection at some
    /// classes of failures (53, 58, XX), and with it a transaction that is to go on. How many rows each has changed, <see cref="ChangedRows"/> says.
    /// </summary>
    public static IEnumerable<string> Contained(string sql) => Split(sql).Where(s => !string.IsNullOrWhiteSpace(s.Bare)).Select(statement =>
        $"""
        do $bubblesync$
        declare changed bigint;
        begin
          execute {Identifier.Literal(statement.Text)};
          get diagnostics changed = row_count;
          perform set_config('bubblesync.changed_rows', changed::text, true);
        exception when others then
          raise exception '%', sqlerrm using errcode = 'P0001', hint = sqlstate;
        end $bubblesync$
        """);

    /// <summary>The number of rows that the last of the <see cref="Contained"/> statements has changed.</summary>
    public const string ChangedRows = "select current_setting('bubblesync.changed_rows')::bigint";

    /// <summary>Returns the script with blanks in place of comments, texts, quoted names and bodies of functions; each place stays the same.</summary>
    public static string WithoutHidden(string sql) => Hidden().Replace(sql, hidden => new string(' ', hidden.Length));

    /// <summary>Returns what the first text behind a place says, in whatever quotes; null where there is none.</summary>
    public static string? TextAfter(string sql, int place)
    {
        var text = Hidden().Matches(sql).FirstOrDefault(h => h.Index >= place && (h.Value[0] is '$' or '\''))?.Value;
        return text is null ? null
            : text[0] == '\'' ? text[1..^1].Replace("''", "'", StringComparison.Ordinal)
            : text[(text.IndexOf('$', 1) + 1)..text.LastIndexOf('$', text.Length - 2)];
    }

    // Cut at semicolons outside of what is hidden, and outside of bodies that begin with "begin atomic": in these each "case" has an "end" of its own.
    private static List<Statement> Split(string sql)
    {
        var bare = WithoutHidden(sql);
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

    [GeneratedRegex(
        @"^\s*(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex First();
}
