using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Journal;

/// <summary>The app that a schema mirrors: recorded by the first run, required by everything that reads Bubble for that schema.</summary>
/// <param name="schema">The schema of the target tables.</param>
/// <param name="address">The app's address, as <see cref="AddressOf"/> writes it.</param>
internal sealed class MirroredSource(string schema, string address)
{
    private const string LivePrefix = "/version-live/";

    /// <summary>The app's address; empty where nothing is read from Bubble.</summary>
    public string Address => address;

    /// <summary>Whether anything is read from Bubble.</summary>
    public bool IsRead => address.Length > 0;

    /// <summary>Returns host, path and branch of an app's API, written in one way: <c>app.example.com/version-test/api/1.1</c>. Live has no branch.</summary>
    public static string AddressOf(Uri baseUrl)
    {
        var path = baseUrl.AbsolutePath.TrimEnd('/') + "/";
        if (path.StartsWith(LivePrefix, StringComparison.OrdinalIgnoreCase))
            path = path[(LivePrefix.Length - 1)..];
        return $"{baseUrl.Authority.ToLowerInvariant()}{path.TrimEnd('/')}";
    }

    /// <summary>Stops where the schema is known to mirror another app; changes nothing.</summary>
    /// <exception cref="SyncException">It mirrors another app: a usage error that names both.</exception>
    public async Task RequireAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await ControlTables.MayReadAsync(connection, "source", cancellationToken) is null)
            return;

        var recorded = await RecordedAsync(connection, cancellationToken);
        if (recorded is not null && recorded != address)
        {
            throw new SyncException(new SyncError(
                SyncStage.Settings, null, null, "Bubble:BaseUrl", ErrorCode.OtherApp,
                $"Schema '{schema}' mirrors the app at {recorded}, but Bubble:BaseUrl is {address}. The records of two apps do not belong in one schema. "
                + "Correct Bubble:BaseUrl (is /version-test missing or left over?), or name another schema in Postgres:Schema. "
                + "If the same app has a new address, accept it once.")
            {
                Next = new NextAction(NextActionKind.AcceptSource),
            });
        }
    }

    /// <summary>Returns the address of the app that the schema is recorded to mirror, or null.</summary>
    public Task<string?> RecordedAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => connection.ScalarAsync<string>(
        "select address from bubblesync.source where target_schema = @schema", cancellationToken, ("schema", schema));

    /// <summary>Whether runs have filled the schema's tables and no app is recorded.</summary>
    public Task<bool> IsLackingAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => connection.ScalarAsync<bool>(
        """
        select not exists (select from bubblesync.source where target_schema = @schema)
           and exists (select from bubblesync.run r join bubblesync.run_entity e using (run_id) where r.target_schema = @schema and e.inserted + e.updated > 0)
        """,
        cancellationToken, ("schema", schema));

    /// <summary>Records the app where none is recorded yet, then requires it.</summary>
    public async Task RecordAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken)
    {
        if (!IsRead)
            return;

        await connection.ExecuteAsync(
            "insert into bubblesync.source (target_schema, address, run_id) values (@schema, @address, @run) on conflict (target_schema) do nothing",
            cancellationToken, ("schema", schema), ("address", address), ("run", runId));
        await RequireAsync(connection, cancellationToken);
    }

    /// <summary>Records the app in place of the one that is recorded.</summary>
    public Task ReplaceAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken) => connection.ExecuteAsync(
        """
        insert into bubblesync.source (target_schema, address, run_id) values (@schema, @address, @run)
        on conflict (target_schema) do update set address = excluded.address, run_id = excluded.run_id, recorded_at = clock_timestamp()
        """,
        cancellationToken, ("schema", schema), ("address", address), ("run", runId));
}
