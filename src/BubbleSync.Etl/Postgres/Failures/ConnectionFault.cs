using System.Text.RegularExpressions;
using BubbleSync.Etl.Settings.Reading;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Postgres.Failures;

/// <summary>
/// Reports what is wrong with a connection string: the only place that does. A fault names the setting, keywords and positions, never a value or another
/// part of the text, because any part may be the password. For the same reason no exception of a parser is kept as the cause.
/// </summary>
internal static partial class ConnectionFault
{
    /// <summary>The replacement in messages for text that they do not show.</summary>
    public const string Hidden = "***";

    private const string Setting = "Postgres:ConnectionString";

    private const string Expected =
        "Expected: postgresql://user:password@host:5432/database with / ? # @ : in user and password written as %2F %3F %23 %40 %3A, "
        + "or host=… port=5432 dbname=… user=… password=…, or Host=…;Port=5432;Database=…;Username=…;Password=…";

    /// <summary>The error for a connection string that cannot be used.</summary>
    /// <param name="why">The reason and what to do, without any part of the text.</param>
    public static SyncException Of(string why) =>
        new(new SyncError(SyncStage.Settings, null, null, Setting, ErrorCode.Settings, $"{Setting} cannot be used: {why}{(why.EndsWith('?') ? "" : ".")}"));

    /// <summary>The error for a connection string that is not there.</summary>
    public static SyncException NotSet() => new(new SettingFault(Setting, SettingsCheck.NotSet).ToError());

    /// <summary>The error for a connection string whose form is none of those known.</summary>
    /// <param name="why">The reason, without any part of the text.</param>
    public static SyncException OfForm(string why) => Of($"{why}. {Expected}");

    /// <summary>Returns what a message shows of a user or a database: the name, or <c>***</c> where it has not the form of one.</summary>
    public static string Shown(string? name) => name is null || Name().IsMatch(name) ? $"{name}" : Hidden;

    /// <summary>Returns the text of the server or the system without the password, and without user and database where these are not shown.</summary>
    public static string Hide(NpgsqlConnectionStringBuilder keywords, string text)
    {
        var isPlain = keywords.Password == keywords.Host || keywords.Password == keywords.Database || keywords.Password == keywords.Username;
        string?[] hidden = [.. new[] { keywords.Database, keywords.Username }.Where(name => Shown(name) == Hidden), isPlain ? null : keywords.Password];
        return hidden.Aggregate(text, (clean, value) => string.IsNullOrEmpty(value) ? clean : clean.Replace(value, Hidden, StringComparison.Ordinal));
    }

    /// <summary>The cause that an error may keep: none where its text has something that is hidden.</summary>
    public static Exception? Kept(NpgsqlConnectionStringBuilder keywords, Exception cause) =>
        $"{cause}" is var text && Hide(keywords, text) == text ? cause : null;

    [GeneratedRegex(@"^[\w.@$~+-]{1,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
