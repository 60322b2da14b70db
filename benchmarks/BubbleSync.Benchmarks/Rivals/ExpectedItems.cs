using BubbleSync.Benchmarks.EndToEnd;
using BubbleSync.Etl.Mapping;
using Npgsql;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary>The rows that every way must leave, made by PostgreSQL's own JSON functions, which are none of the ways.</summary>
internal sealed class ExpectedItems(Databases databases, TargetTables tables)
{
    public const string Original = "expected";
    public const string Changed = "expected_changed";

    private const int RecordsAtOnce = 5000;

    private readonly EntityMap _map = tables.Maps[0];

    /// <summary>Makes a database of the rows of these records.</summary>
    public async Task FillAsync(string database, IReadOnlyList<string> records)
    {
        await databases.RenewAsync(database);
        await using var connection = await databases.OpenAsync(database);
        foreach (var part in records.Chunk(RecordsAtOnce))
        {
            await using var command = new NpgsqlCommand(Insert, connection) { Parameters = { new NpgsqlParameter<string[]> { TypedValue = part } } };
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <summary>Throws unless a way left just these rows.</summary>
    public async Task RequireAsync(string expected, string way, Situation situation)
    {
        var (wanted, found) = ((await tables.ContentsAsync(expected))[0], (await tables.ContentsAsync(way))[0]);
        if (wanted != found)
            throw new InvalidOperationException($"{situation}: {way} left {found.Rows} rows instead of {wanted.Rows}, or other values. "
                + $"{await tables.DifferenceAsync(_map.Table, expected, way)}.");
    }

    private string Insert =>
        $"""
        insert into "{_map.Table}" ({string.Join(", ", _map.Fields.Select(f => $"\"{f.Column}\""))}, created_at, updated_at)
        select {string.Join(", ", _map.Fields.Select(f => $"coalesce({string.Join(", ", f.From.Select(name => $"r ->> '{name}'"))})::{f.Type}"))},
          (r ->> 'Created Date')::timestamptz, (r ->> 'Modified Date')::timestamptz
        from unnest($1) t, jsonb(t) r
        """;
}
