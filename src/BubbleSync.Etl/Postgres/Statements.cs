using System.Data;
using System.Runtime.CompilerServices;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Postgres;

/// <summary>Short forms for running one statement.</summary>
internal static class Statements
{
    /// <summary>Runs a statement; returns the number of rows it wrote.</summary>
    public static async Task<long> ExecuteAsync(
        this NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(connection, sql, parameters);
        return Math.Max(0, await command.ExecuteNonQueryAsync(cancellationToken));
    }

    /// <summary>Runs a query; returns the first column of its first row, or the default if there is none.</summary>
    public static async Task<T?> ScalarAsync<T>(
        this NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(connection, sql, parameters);
        return await command.ExecuteScalarAsync(cancellationToken) is T value ? value : default;
    }

    /// <summary>Runs a query; returns its rows.</summary>
    public static async Task<List<T>> RowsAsync<T>(
        this NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken,
        params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(connection, sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }

    /// <summary>Runs a query; returns its rows as they arrive.</summary>
    public static async IAsyncEnumerable<T> StreamAsync<T>(
        this NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read, [EnumeratorCancellation] CancellationToken cancellationToken,
        params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(connection, sql, parameters);
        await using var reader = await PostgresFailure.ExplainedAsync(() => command.ExecuteReaderAsync(cancellationToken), SyncStage.Load);
        while (await PostgresFailure.ExplainedAsync(() => reader.ReadAsync(cancellationToken), SyncStage.Load))
            yield return read(reader);
    }

    /// <summary>Removes the time limit for statements of this transaction: the consumer of streamed rows may be slow.</summary>
    public static Task DisableStatementTimeoutAsync(this NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteAsync("set local statement_timeout = 0", cancellationToken);

    /// <summary>Does work inside the open transaction and rolls it back; returns the refusal of PostgreSQL, or null.</summary>
    public static async Task<PostgresException?> TryAndRollBackAsync(this NpgsqlConnection connection, Func<Task> work, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync("savepoint trial", cancellationToken);
        try
        {
            await work();
            return null;
        }
        catch (PostgresException refused)
        {
            return refused;
        }
        finally
        {
            if (connection.State == ConnectionState.Open)
                await connection.ExecuteAsync("rollback to savepoint trial; release savepoint trial", cancellationToken);
        }
    }

    /// <summary>
    /// Runs a statement in the open transaction; where the table refuses a record, the statement alone is rolled back. Returns the refusal, or null.
    /// </summary>
    public static async Task<PostgresException?> TryAsync(
        this NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await connection.ExecuteAsync("savepoint attempt", cancellationToken);
        try
        {
            await connection.ExecuteAsync(sql, cancellationToken, parameters);
            await connection.ExecuteAsync("set constraints all immediate; release savepoint attempt", cancellationToken);
            return null;
        }
        catch (PostgresException refusal) when (PostgresFailure.RefusesRecord(refusal))
        {
            await connection.ExecuteAsync("rollback to savepoint attempt; release savepoint attempt", cancellationToken);
            return refusal;
        }
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, (string Name, object? Value)[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var (name, value) in parameters)
            command.Parameters.Add(new NpgsqlParameter(name, value ?? DBNull.Value));
        return command;
    }
}
