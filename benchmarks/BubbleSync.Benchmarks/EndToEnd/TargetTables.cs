using BubbleSync.Etl.Mapping;
using Npgsql;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>The target tables of one database: what they hold, and how often they were written.</summary>
internal sealed class TargetTables(Databases databases, IReadOnlyList<EntityMap> maps)
{
    public IReadOnlyList<EntityMap> Maps => maps;

    /// <summary>Row versions written to the tables of a database since it was made.</summary>
    public async Task<long> WrittenAsync(string database)
    {
        await using var connection = await databases.OpenAsync(database);
        return (long)(await ScalarAsync(connection, "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint from pg_stat_user_tables where "
            + "schemaname = 'public'"))!;
    }

    /// <summary>Of each table how many rows there are, and a sum over all values but what says when and in which order they were written.</summary>
    public async Task<IReadOnlyList<(string Table, long Rows, string Sum)>> ContentsAsync(string database)
    {
        await using var connection = await databases.OpenAsync(database);
        var contents = new List<(string, long, string)>();
        foreach (var map in maps)
        {
            await using var command = new NpgsqlCommand(
                "select count(*), coalesce(sum(hashtextextended((to_jsonb(t) - 'id' - 'last_synced_at')::text, 0)::numeric), 0)::text from "
                    + $"\"{map.Table}\" t", connection)
            { CommandTimeout = 0 };
            await using var reader = await command.ExecuteReaderAsync();
            await reader.ReadAsync();
            contents.Add((map.Table, reader.GetInt64(0), reader.GetString(1)));
        }

        return contents;
    }

    /// <summary>The first column, with both values, in which a table differs between two databases.</summary>
    public async Task<string> DifferenceAsync(string table, string one, string other)
    {
        var (ours, theirs) = (await ColumnsAsync(table, one), await ColumnsAsync(table, other));
        var (mine, yours) =
            (ours.Except(theirs).Order(StringComparer.Ordinal).FirstOrDefault(), theirs.Except(ours).Order(StringComparer.Ordinal).FirstOrDefault());
        return $"{table}: {mine ?? "nothing"} in {one}, {yours ?? "nothing"} in {other}";
    }

    /// <summary>The ids of a table, one of each so many.</summary>
    public async Task<IReadOnlyList<string>> IdsAsync(string database, EntityMap map, int stride)
    {
        await using var connection = await databases.OpenAsync(database);
        await using var command = new NpgsqlCommand(
            $"select id from (select \"{map.Key}\" as id, row_number() over (order by \"{map.Key}\") as place from \"{map.Table}\") t where place % "
                + $"{stride} = 0", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var ids = new List<string>();
        while (await reader.ReadAsync())
            ids.Add(reader.GetString(0));
        return ids;
    }

    /// <summary>Seconds from the last window's checkpoint to the end of the one run that a database knows last.</summary>
    public async Task<double> TailAsync(string database)
    {
        await using var connection = await databases.OpenAsync(database);
        return (double)(await ScalarAsync(connection,
            """
            select extract(epoch from r.finished_at - (select max(w.at) from bubblesync."window" w where w.run_id = r.run_id))::float8
            from bubblesync.run r order by r.started_at desc limit 1
            """))!;
    }

    private async Task<HashSet<string>> ColumnsAsync(string table, string database)
    {
        var key = maps.First(m => m.Table == table).Key;
        await using var connection = await databases.OpenAsync(database);
        await using var command = new NpgsqlCommand(
            $"select \"{key}\" || ' ' || c.key || ' = ' || c.value from \"{table}\" t, jsonb_each_text(to_jsonb(t) - 'id' - 'last_synced_at') c where "
                + "c.value is not null", connection)
        { CommandTimeout = 0 };
        await using var reader = await command.ExecuteReaderAsync();
        var columns = new HashSet<string>();
        while (await reader.ReadAsync())
            columns.Add(reader.GetString(0));
        return columns;
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
