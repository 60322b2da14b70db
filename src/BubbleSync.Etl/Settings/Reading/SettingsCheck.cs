using System.Text;
using static System.FormattableString;

namespace BubbleSync.Etl.Settings.Reading;

/// <summary>Checks settings from any origin: file, environment, option or code.</summary>
internal static class SettingsCheck
{
    /// <summary>What is wrong with a target without an address.</summary>
    public const string NotSet = "it is not set. Set it to the address of the database, such as postgresql://me:secret@db.example.com/mirror.";

    private const int MostNameBytes = 63;

    /// <summary>Returns everything that is wrong with the values.</summary>
    public static IEnumerable<SettingFault> Faults(SyncSettings settings) =>
    [
        .. BubbleSettingsCheck.Faults(settings.Bubble),
        .. SettingRange.All.Values.Where(r => !r.Holds(settings)).Select(r => r.Fault),
        .. WindowFaults(settings),
        .. PostgresFaults(settings.Postgres),
        .. FolderFaults(settings.Run),
        .. AddressFaults(settings),
    ];

    /// <summary>Returns what a command lacks that reads Bubble and writes tables.</summary>
    public static IEnumerable<SettingFault> Missing(SyncSettings settings) =>
        settings.Postgres.ConnectionString is null
            ? BubbleSettingsCheck.Missing(settings.Bubble).Append(new("Postgres:ConnectionString", NotSet))
            : BubbleSettingsCheck.Missing(settings.Bubble);

    /// <summary>Throws one exception with all the errors, if there are any.</summary>
    public static void ThrowIfAny(IEnumerable<SyncError> errors)
    {
        if (errors.ToList() is { Count: > 0 } all)
            throw new SyncException(all);
    }

    /// <summary>Returns everything that is wrong with the values of the target.</summary>
    public static IEnumerable<SettingFault> PostgresFaults(PostgresSettings settings)
    {
        if (settings.ConnectionString is { } connection && string.IsNullOrWhiteSpace(connection))
        {
            yield return new(
                "Postgres:ConnectionString",
                "it is set but blank. Set it to the address of the database, or remove it; without it, the command line starts its embedded database.");
        }

        if (SchemaFault(settings.Schema) is { } fault)
            yield return new("Postgres:Schema", fault);
    }

    private static IEnumerable<SettingFault> WindowFaults(SyncSettings settings)
    {
        var bubble = settings.Bubble;
        string[] together = ["Bubble:WindowSize", "Bubble:OffsetCeiling"];
        if (bubble.WindowSize > bubble.OffsetCeiling && together.All(setting => SettingRange.All[setting].Holds(settings)))
        {
            yield return new(
                "Bubble:WindowSize",
                Invariant($"{bubble.WindowSize} is more than Bubble:OffsetCeiling, {bubble.OffsetCeiling}: Bubble answers no row beyond that offset."));
        }
    }

    private static IEnumerable<SettingFault> FolderFaults(RunSettings run) =>
        new[] { ("Run:Entities", run.Entities), ("Run:Patches", run.Patches), ("Run:Schema", run.Schema) }
            .Where(folder => string.IsNullOrWhiteSpace(folder.Item2))
            .Select(folder => new SettingFault(folder.Item1, "the name of a folder is expected."));

    // Never quoted: an address of a webhook is a secret.
    private static IEnumerable<SettingFault> AddressFaults(SyncSettings settings) =>
        new[] { ("Notify:Url", settings.Notify.Url), ("Notify:PingUrl", settings.Notify.PingUrl), ("Server:Webhook", settings.Server.Webhook) }
            .Where(a => a.Item2 is { } text && !(Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme is "http" or "https")))
            .Select(a => new SettingFault(a.Item1, "the address of a webhook is expected, which begins with https:// or http://."));

    // PostgreSQL would shorten a longer name with only a notice, and then not find it (manual, "Identifiers and Key Words").
    private static string? SchemaFault(string schema) => schema switch
    {
        _ when string.IsNullOrWhiteSpace(schema) || schema.Contains('\0', StringComparison.Ordinal) => "the name of a schema is expected, such as public.",
        _ when Encoding.UTF8.GetByteCount(schema) > MostNameBytes =>
            Invariant($"a name of at most {MostNameBytes} bytes is expected; PostgreSQL keeps no more of it."),
        "bubblesync" or "bubblesync_staging" => "control tables and what is staged live in this schema; name another one.",
        "information_schema" => "this schema is PostgreSQL's own; name another one.",
        _ when schema.StartsWith("pg_", StringComparison.Ordinal) => "this schema is PostgreSQL's own; name another one.",
        _ => null,
    };
}
