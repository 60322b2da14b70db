using Npgsql;
using static System.FormattableString;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>Checks the server of a cluster: whether it answers, whether it is the cluster's own, its version.</summary>
internal static class Probe
{
    private const int ConnectSeconds = 10;

    internal static string ConnectionString(Cluster cluster, int port, string database) => Describe(cluster, port, database).ConnectionString;

    internal static async Task<bool> AnswersAsync(Cluster cluster, int port, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await OpenAsync(cluster, port, cancellationToken);
            return true;
        }
        catch (NpgsqlException e) when (e is not PostgresException { SqlState: PostgresErrorCodes.InvalidPassword })
        {
            return false;
        }
        catch (PostgresException e)
        {
            throw new EmbeddedPostgresException(
                Invariant($"The server on port {port} does not take the password kept for {cluster.Data}. Stop that server, ")
                    + "or delete the cluster's folder to begin with empty data.", e);
        }
    }

    /// <summary>Whether the answering server works on this cluster's data and not on those of a copy of the folder.</summary>
    internal static async Task<bool> IsOwnAsync(Cluster cluster, int port, CancellationToken cancellationToken)
    {
        var token = Path.Combine(cluster.Data, $"own-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(token, "", cancellationToken);
        try
        {
            await using var connection = await OpenAsync(cluster, port, cancellationToken);
            await using var command = new NpgsqlCommand("select pg_stat_file($1, true) is distinct from null", connection);
            command.Parameters.Add(new() { Value = Path.GetFileName(token) });
            return await command.ExecuteScalarAsync(cancellationToken) is true;
        }
        finally
        {
            File.Delete(token);
        }
    }

    /// <summary>Creates the database if missing, or anew; returns the server's version.</summary>
    internal static async Task<Version> EnsureDatabaseAsync(Cluster cluster, int port, string database, bool fresh, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cluster, port, cancellationToken);
        var quoted = $"\"{database.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        if (fresh)
        {
            // Sessions that still use it lose their connection.
            await using var drop = new NpgsqlCommand($"drop database if exists {quoted} with (force)", connection);
            await drop.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var search = new NpgsqlCommand("select exists (select from pg_database where datname = $1)", connection);
        search.Parameters.Add(new() { Value = database });
        if (await search.ExecuteScalarAsync(cancellationToken) is not true)
        {
            await using var create = new NpgsqlCommand($"create database {quoted}", connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        return connection.PostgreSqlVersion;
    }

    private static async Task<NpgsqlConnection> OpenAsync(Cluster cluster, int port, CancellationToken cancellationToken)
    {
        var description = Describe(cluster, port, "postgres");
        description.Pooling = false;
        description.Timeout = ConnectSeconds;
        var connection = new NpgsqlConnection(description.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static NpgsqlConnectionStringBuilder Describe(Cluster cluster, int port, string database) => new()
    {
        Host = "127.0.0.1",
        Port = port,
        Username = Cluster.Superuser,
        Password = cluster.Password(),
        Database = database,
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,
    };
}
