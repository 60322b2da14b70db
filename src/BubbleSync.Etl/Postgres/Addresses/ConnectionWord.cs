using System.ComponentModel;
using System.Reflection;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Settings;
using Npgsql;

namespace BubbleSync.Etl.Postgres.Addresses;

/// <summary>A word that a connection string may have, and how it is used.</summary>
/// <param name="Name">The word, as libpq or another client has it.</param>
/// <param name="Keyword">Npgsql's keyword for it; null where Npgsql has none.</param>
/// <param name="Variable">The variable that libpq reads where the word is left out; null where it reads none.</param>
internal sealed partial record ConnectionWord(string Name, string? Keyword = null, string? Variable = null)
{
    private static readonly ILookup<string, ConnectionWord> ByName =
        ConnectionWords.All.SelectMany(word => word.Names.Select(name => (Name: Plain(name), Word: word))).ToLookup(pair => pair.Name, pair => pair.Word);

    private static readonly NpgsqlConnectionStringBuilder Npgsql = [];

    /// <summary>The words that have an effect: no message suggests a word that is ignored or refused.</summary>
    internal static readonly string[] UsedNames =
    [
        .. ConnectionWords.All.Where(word => word.IsUsed).SelectMany(word => word.Names),
        .. typeof(NpgsqlConnectionStringBuilder).GetProperties().Where(p => !p.IsDefined(typeof(ObsoleteAttribute)))
            .Select(p => p.GetCustomAttribute<DisplayNameAttribute>()?.DisplayName).OfType<string>().Where(name => Find(name) is { IsUsed: true }),
    ];

    /// <summary>Other names that Npgsql has for it.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Turns a value into Npgsql's, null where the word does not take it. Default: as it is.</summary>
    public Func<string, string?> Translate { get; init; } = value => value;

    /// <summary>The values that <see cref="Translate"/> takes, in words.</summary>
    public string? Expected { get; init; }

    /// <summary>The values without an effect, which are not reported.</summary>
    public IReadOnlyList<string> Harmless { get; init; } = [];

    /// <summary>Why the word is ignored, and what to do instead; null if it is used.</summary>
    public string? Note { get; init; }

    /// <summary>Why the word is refused, and what to do instead; null where it is not.</summary>
    public string? Refusal { get; init; }

    /// <summary>Whether the value is the path of a file that must be there.</summary>
    public bool IsFile { get; init; }

    /// <summary>Whether the value is secret, and may have any letters.</summary>
    public bool IsSecret => Keyword is "Password" or "SSL Password";

    private bool IsUsed => Note is null && Refusal is null;

    private IEnumerable<string> Names => [Name, .. Keyword is null ? [] : new[] { Keyword }, .. Aliases];

    /// <summary>Returns the word of this name, whichever client's spelling it has; null if no client knows it.</summary>
    public static ConnectionWord? Find(string name) =>
        ByName[Plain(name)].FirstOrDefault() ?? (Npgsql.ContainsKey(name) ? new ConnectionWord(name, name) : null);

    /// <summary>Whether any client knows this word.</summary>
    public static bool IsKnown(string name) => Find(name.Trim()) is not null;

    /// <summary>Whether a value begins like a pair of its own.</summary>
    public static bool StartsWithPair(string value) => Pair().Match(value) is { Success: true } pair && IsKnown(pair.Groups[1].Value);

    /// <summary>Returns the word that has an effect and that this one is close to; null where there is none.</summary>
    public static string? Near(string name) => name.Length > 3 && Letters().IsMatch(name) ? DidYouMean.Nearest(name, UsedNames) : null;

    /// <summary>Whether an unknown word has the form of a word, so that a message may show it.</summary>
    public static bool IsShowable(string name) => Showable().IsMatch(name);

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();

    [GeneratedRegex(@"^(\w+)=", RegexOptions.CultureInvariant)]
    private static partial Regex Pair();

    [GeneratedRegex(@"^[A-Za-z_ ]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Letters();

    [GeneratedRegex(@"^[A-Za-z_]{1,40}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Showable();
}
