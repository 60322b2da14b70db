using System.Text.RegularExpressions;

namespace BubbleSync.Etl.Postgres;

/// <summary>
/// Finds statements that set something for longer than their transaction. The session is used again, behind a pooler by other programs, which would
/// get it too. What a function sets, or a statement that is put together when it runs, is not found.
/// </summary>
internal static partial class SettingStatements
{
    /// <summary>Returns the first such statement and what to write instead, as the end of a sentence; null where there is none.</summary>
    public static string? Fault(string sql)
    {
        var bare = SqlStatements.WithoutHidden(sql);
        if (Lasting().Match(bare) is { Success: true } found)
            return Describe(Blanks().Replace(found.Groups["words"].Value.Trim(), " ").ToLowerInvariant());

        var bodies = Do().Matches(bare).Select(word => SqlStatements.TextAfter(sql, word.Index)).OfType<string>();
        return bodies.Select(Fault).FirstOrDefault(fault => fault is not null);
    }

    private static string Describe(string words)
    {
        var instead = words.Split(' ')[0] switch
        {
            "set" => "write 'set local' instead",
            "reset" => "write 'set local … to default' instead",
            "discard" => "take it out",
            _ => "write true as its last argument",
        };
        return $"'{words}' lasts longer than its transaction, and others who use the session would get it; {instead}";
    }

    // In a body of PL/pgSQL a statement begins after these words too. No statement of SQL has "set" after one of them.
    [GeneratedRegex(
        """
        (?:^|;|\b(?:begin|then|else|loop)\b)\s*
          (?<words>set\s+(?!\s|(?:local|constraints|transaction)\b)(?:session\s+)?(?:time\s+zone|[\w.]*)|reset\s+[\w.]*|discard\s+\w+)
        | \b(?<words>set_config)\s*\((?!(?:[^()]|\((?:[^()]|\([^()]*\))*\))*,\s*true\s*\))
        """,
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Lasting();

    [GeneratedRegex(@"(?:^|;)\s*do\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Do();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
