using Npgsql;

namespace BubbleSync.Skeleton;

/// <summary>Staging and merge of one type on a connection of its own.</summary>
internal sealed class Target
{
    private static readonly byte[] Head = [.. "PGCOPY\n"u8, 0xFF, 0x0D, 0x0A, 0x00, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] Tail = [0xFF, 0xFF];

    private readonly MergeStatements _sql;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlRawCopyStream _copy;

    private Target(MergeStatements sql, NpgsqlConnection connection, NpgsqlRawCopyStream copy) => (_sql, _connection, _copy) = (sql, connection, copy);

    public static async Task<Target> OpenAsync(EntityMapFile map, NpgsqlDataSource database)
    {
        var connection = await database.OpenConnectionAsync();
        var sql = new MergeStatements(map, await DefaultsAsync(connection, map));
        await ExecuteAsync(connection, sql.Create);
        var copy = await connection.BeginRawBinaryCopyAsync(sql.Copy);
        await copy.WriteAsync(Head);
        return new(sql, connection, copy);
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> rows, CancellationToken cancellationToken) => _copy.WriteAsync(rows, cancellationToken);

    public async Task MergeAsync()
    {
        await _copy.WriteAsync(Tail);
        await _copy.DisposeAsync();
        await ExecuteAsync(_connection, _sql.Merge);
        await ExecuteAsync(_connection, _sql.Drop);
        await _connection.DisposeAsync();
    }

    // Columns that a new row without a value gets one for.
    private static async Task<Dictionary<string, string>> DefaultsAsync(NpgsqlConnection connection, EntityMapFile map)
    {
        await using var command = new NpgsqlCommand(
            """
            select a.attname::text, pg_get_expr(d.adbin, d.adrelid) from pg_attribute a join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = to_regclass($1)
            """, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = $"\"{map.Table}\"" });
        await using var reader = await command.ExecuteReaderAsync();
        var defaults = new Dictionary<string, string>();
        while (await reader.ReadAsync())
            defaults.Add(reader.GetString(0), reader.GetString(1));
        return defaults;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }
}
