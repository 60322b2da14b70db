using System.Text.RegularExpressions;

namespace BubbleSync.Etl.Postgres;

/// <summary>
/// Finds statements whose effect lasts longer than their transaction: settings, temporary tables, session locks and the like. The session is used again,
/// behind a pooler by other programs, which would get it too. What a function of the database does, or a statement whose words are put together when it
/// runs, is not found.
/// </summary>
internal static partial class SettingStatements
{
    /// <summary>Returns the first such statement and what to write instead, as the end of a sentence; null where there is none.</summary>
    public static string? Fault(string sql)
    {
        var bare = SqlStatements.WithoutHidden(sql);
        return Lasting().Match(bare) is { Success: true } found
            ? Describe(Blanks().Replace(found.Groups["words"].Value.Trim(), " ").ToLowerInvariant())
            : Inner(sql, bare).Select(Fault).FirstOrDefault(fault => fault is not null);
    }

    // The bodies of DO and of functions, and the texts that EXECUTE gets in them.
    private static IEnumerable<string> Inner(string sql, string bare) => Body().Matches(bare)
        .Select(word => (Start: word.Index + word.Length, End: word.Groups["execute"].Success ? bare.IndexOf(';', word.Index) : -1))
        .Select(word => SqlStatements.TextAfter(word.End < 0 ? sql : sql[..word.End], word.Start))
        .OfType<string>();

    private static string Describe(string words)
    {
        var instead = words.Split(' ')[0] switch
        {
            "set" => "write 'set local' instead",
            "reset" => "write 'set local … to default' instead",
            "set_config" => "write true as its last argument",
            "create" => "add 'on commit drop', or make a table that is not temporary",
            "into" => "write 'create temp table … on commit drop as' instead",
            ['p', 'g', '_', ..] => "write pg_advisory_xact_lock, or its like with 'xact', instead",
            _ => "take it out",
        };
        return $"'{words}' lasts longer than its transaction, and others who use the session would get it; {instead}";
    }

    // In a body of PL/pgSQL a statement begins after these words too. No statement of SQL has "set" after one of them.
    [GeneratedRegex(
        """
        (?:^|;|\b(?:begin|then|else|loop)\b)\s*
          (?<words>set\s+(?!\s|(?:local|constraints|transaction)\b)(?:session\s+)?(?:time\s+zone|[\w.]*)|reset\s+[\w.]*|discard\s+\w+
            |listen\s+\w+|prepare\s+(?!transaction\b)\w+|load\b)
        | \b(?<words>set_config)\s*\((?!(?:[^()]|\((?:[^()]|\([^()]*\))*\))*,\s*true\s*\))
        | \b(?<words>create\s+(?:or\s+replace\s+)?(?:(?:local|global)\s+)?temp(?:orary)?\s+(?:recursive\s+)?\w+)\b(?![^;]*\bon\s+commit\s+drop\b)
        | (?<!\b(?:insert|merge)\s+)\b(?<words>into\s+temp(?:orary)?)\s+(?!from\b|where\b)\w
        | \b(?<words>pg_(?:try_)?advisory_lock(?:_shared)?)\s*\(
        | \b(?<words>with\s+hold)\b
        """,
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Lasting();

    [GeneratedRegex(
        @"(?:^|;)\s*do\b|\bcreate\s+(?:or\s+replace\s+)?(?:function|procedure)\b[^;]*?\bas\b|\b(?<execute>execute)\b(?!\s+(?:function|procedure|on)\b)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Body();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
