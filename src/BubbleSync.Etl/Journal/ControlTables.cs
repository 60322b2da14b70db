using System.Reflection;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Journal;

/// <summary>The tables in schema <c>bubblesync</c>, made and upgraded by numbered scripts that each run once, in order.</summary>
internal static class ControlTables
{
    // Two runs that start at once must not both make the tables.
    private const long UpgradeLock = 0x6275_6262_6C65_0001;

    private const string Versions = "schema_version";

    private const string VersionSql = "select coalesce(max(version), 0) from bubblesync.schema_version";

    private const string VersionTable =
        """
        create table bubblesync.schema_version (
          version integer primary key,
          script text not null,
          applied_at timestamptz not null default clock_timestamp()
        )
        """;

    // No function that takes a table's name: in a schema that the user may not use it would fail.
    private const string MayReadSql =
        """
        select has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
        from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'bubblesync' and c.relname = @table
        """;

    /// <summary>The schemas of the control tables and of staging.</summary>
    public static readonly string[] Schemas = ["bubblesync", "bubblesync_staging"];

    private static readonly Lazy<IReadOnlyList<Script>> Scripts = new(ReadScripts);

    /// <summary>Runs the scripts that the database lacks, all in the transaction of the connection; needs no right where nothing is missing.</summary>
    /// <exception cref="SyncException">A newer program made the tables: a usage error.</exception>
    public static async Task EnsureAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (IsCurrent(await VersionAsync(connection, cancellationToken)))
            return;

        await UpgradeAsync(connection, cancellationToken);
    }

    /// <summary>Runs the scripts that the database lacks, inside the caller's transaction.</summary>
    /// <exception cref="SyncException">There are tables of an earlier version, and the user may not change them.</exception>
    public static async Task UpgradeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var version = 0;
        try
        {
            await connection.ExecuteAsync($"select pg_advisory_xact_lock({UpgradeLock})", cancellationToken);
            foreach (var schema in Schemas)
                await MakeAsync(schema, connection, cancellationToken);
            version = await VersionAsync(connection, cancellationToken);
            // "create table if not exists" demands the right to make tables also where there is nothing to make.
            if (await MayReadAsync(connection, Versions, cancellationToken) is null)
                await connection.ExecuteAsync(VersionTable, cancellationToken);
            await RunScriptsAsync(version, connection, cancellationToken);
        }
        catch (PostgresException refused) when (version > 0 && refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new SyncException(
                new SyncError(
                    SyncStage.Load, null, null, "bubblesync.schema_version", ErrorCode.TargetRights,
                    Invariant($"The control tables in schema bubblesync have version {version} and are to be upgraded to {Scripts.Value[^1].Version}, ")
                    + $"which this user may not do: {refused.MessageText} (42501). Apply the schema once as their owner.")
                {
                    Next = new NextAction(NextActionKind.ApplySchema),
                },
                refused);
        }
    }

    /// <summary>Whether nothing is missing; false where the user may not read what version they have.</summary>
    public static async Task<bool> IsCurrentAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await MayReadAsync(connection, Versions, cancellationToken) is true && IsCurrent(await connection.ScalarAsync<int>(VersionSql, cancellationToken));

    /// <summary>Whether the user may read a control table; null where there is none.</summary>
    public static Task<bool?> MayReadAsync(NpgsqlConnection connection, string table, CancellationToken cancellationToken) =>
        connection.ScalarAsync<bool?>(MayReadSql, cancellationToken, ("table", table));

    private static async Task RunScriptsAsync(int version, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        foreach (var script in Scripts.Value.Where(s => s.Version > version))
        {
            await connection.ExecuteAsync(script.Sql, cancellationToken);
            await connection.ExecuteAsync(
                "insert into bubblesync.schema_version (version, script) values (@version, @name)",
                cancellationToken, ("version", script.Version), ("name", script.Name));
        }
    }

    /// <summary>Stops where a newer program made the tables; writes nothing, and passes where the user may not read their version.</summary>
    /// <exception cref="SyncException">A newer program made the tables: a usage error.</exception>
    public static async Task CheckAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await MayReadAsync(connection, Versions, cancellationToken) is true)
            _ = IsCurrent(await connection.ScalarAsync<int>(VersionSql, cancellationToken));
    }

    // "create schema if not exists" demands the right to make schemas also where there is nothing to make.
    private static async Task MakeAsync(string schema, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!await connection.ScalarAsync<bool>("select to_regnamespace(@schema) is not null", cancellationToken, ("schema", schema)))
            await connection.ExecuteAsync($"create schema {Identifier.Quote(schema)}", cancellationToken);
    }

    private static bool IsCurrent(int version)
    {
        var newest = Scripts.Value[^1].Version;
        return version <= newest
            ? version == newest
            : throw new SyncException(new SyncError(
                SyncStage.Settings, null, null, "bubblesync.schema_version", ErrorCode.ControlTablesNewer,
                Invariant($"The control tables in schema bubblesync have version {version}, but this program knows versions up to {newest}. ")
                + "A newer program made them: update this one."));
    }

    // Tables without a version were made by a program that had none, or are not there.
    private static async Task<int> VersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await MayReadAsync(connection, Versions, cancellationToken) switch
        {
            null => 0,
            true => await connection.ScalarAsync<int>(VersionSql, cancellationToken),
            false => throw await UnreadableAsync(connection, cancellationToken),
        };

    private static async Task<SyncException> UnreadableAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var user = Identifier.Quote((await connection.ScalarAsync<string>("select current_user::text", cancellationToken))!);
        return new SyncException(new SyncError(
            SyncStage.Load, null, null, "bubblesync.schema_version", ErrorCode.TargetRights,
            $"The user may not read the control tables in schema bubblesync. Grant it: grant usage on schema bubblesync to {user}; "
            + $"grant select on all tables in schema bubblesync to {user};"));
    }

    private static IReadOnlyList<Script> ReadScripts()
    {
        var assembly = typeof(ControlTables).Assembly;
        var names = assembly.GetManifestResourceNames().Where(n => n.StartsWith("control/", StringComparison.Ordinal));
        return [.. names.Order(StringComparer.Ordinal).Select(n => Read(assembly, n))];
    }

    private static Script Read(Assembly assembly, string resource)
    {
        using var stream = assembly.GetManifestResourceStream(resource)!;
        using var reader = new StreamReader(stream);
        var name = Path.GetFileName(resource);
        return new Script(int.Parse(name[..3], System.Globalization.CultureInfo.InvariantCulture), name, reader.ReadToEnd());
    }

    /// <summary>A script.</summary>
    /// <param name="Version">The number that its name begins with, of three digits.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Sql">Its statements.</param>
    private sealed record Script(int Version, string Name, string Sql);
}
