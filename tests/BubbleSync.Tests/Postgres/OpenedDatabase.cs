using BubbleSync.Etl;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Settings;
using Xunit;

namespace BubbleSync.Tests.Postgres;

/// <summary>Opens a database as commands do.</summary>
internal static class OpenedDatabase
{
    public static async Task<string> OpenAsync(string text, string sql)
    {
        await using var database = await TargetDatabase.OpenAsync(new PostgresSettings { ConnectionString = text }, "test", CancellationToken.None);
        return (await database.RunAsync(c => c.ScalarAsync<object>(sql, CancellationToken.None), CancellationToken.None))?.ToString() ?? "";
    }

    public static Task<SyncException> FailAsync(string text) => Assert.ThrowsAsync<SyncException>(() => OpenAsync(text, "select 1"));
}
