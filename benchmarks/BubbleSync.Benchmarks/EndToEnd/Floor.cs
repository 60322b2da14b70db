using System.Diagnostics;
using BubbleSync.Etl.Mapping;
using Npgsql;

namespace BubbleSync.Benchmarks.EndToEnd;

/// <summary>
/// The least that loading can take: ready-made files in COPY's binary form into unlogged staging, then one guarded merge, one table after another.
/// </summary>
internal sealed class Floor(Databases databases, IReadOnlyList<EntityMap> maps, string folder)
{
    private const int Block = 1024 * 1024;

    private static readonly string[] Clocks = ["created_at", "updated_at"];

    /// <summary>Makes the files from tables that hold what is to be loaded.</summary>
    public async Task PrepareAsync(string source)
    {
        Directory.CreateDirectory(folder);
        await using var connection = await databases.OpenAsync(source);
        foreach (var map in maps)
        {
            await using var rows = await connection.BeginRawBinaryCopyAsync($"copy (select {Each(map, "")} from {Table(map)}) to stdout (format binary)");
            await using var file = File.Create(FileOf(map));
            await rows.CopyToAsync(file, Block);
        }
    }

    /// <summary>Loads the files.</summary>
    public async Task<Measurement> LoadAsync(string database)
    {
        var watch = Stopwatch.StartNew();
        await using (var connection = await databases.OpenAsync(database))
        {
            foreach (var map in maps)
            {
                await ExecuteAsync(connection, $"create unlogged table staged as select {Each(map, "")} from {Table(map)} with no data");
                await using (var rows = await connection.BeginRawBinaryCopyAsync($"copy staged ({Each(map, "")}) from stdin (format binary)"))
                await using (var file = File.OpenRead(FileOf(map)))
                    await file.CopyToAsync(rows, Block);
                await ExecuteAsync(connection, Merge(map));
                await ExecuteAsync(connection, "drop table staged");
            }
        }

        return new() { Seconds = watch.Elapsed.TotalSeconds };
    }

    // The merge's join must know how many rows there are; statistics of one column tell that.
    private static string Merge(EntityMap map) =>
        $"""
        analyze staged ("{map.Key}");
        merge into {Table(map)} t using staged s on t."{map.Key}" = s."{map.Key}"
        when matched and ({Each(map, "t.")}) is distinct from ({Each(map, "s.")}) then update set
          {string.Join(", ", Columns(map).Select(c => $"{c} = s.{c}"))}, last_synced_at = now()
        when not matched then insert ({Each(map, "")}, last_synced_at) values ({Each(map, "s.")}, now())
        """;

    private static IEnumerable<string> Columns(EntityMap map) => map.Fields.Select(f => f.Column).Concat(Clocks).Select(c => $"\"{c}\"");

    private static string Each(EntityMap map, string before) => string.Join(", ", Columns(map).Select(c => before + c));

    private static string Table(EntityMap map) => $"\"{map.Table}\"";

    private string FileOf(EntityMap map) => Path.Combine(folder, $"{map.Name}.copy");

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }
}
