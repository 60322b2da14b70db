using Dapper;
using Npgsql;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary>Dapper as its readme shows it for many rows: one statement, and the list as its parameter.</summary>
internal sealed class DapperLoader(NpgsqlConnection connection) : PlainLoader(connection)
{
    private static readonly string Upsert = ItemSql.Upsert($"values ({string.Join(", ", ItemSql.Columns.Select(c => $"@{c.Property}"))})");

    public static async Task<ILoader> OpenAsync(string connectionString) => new DapperLoader(await ConnectAsync(connectionString));

    protected override Task LoadAsync(IReadOnlyList<ItemRow> rows) => Connection.ExecuteAsync(Upsert, rows);
}
