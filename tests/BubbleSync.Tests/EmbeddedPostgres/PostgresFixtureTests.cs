using Npgsql;
using Xunit;

namespace BubbleSync.Tests.EmbeddedPostgres;

[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class PostgresFixtureTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Every_database_is_fresh_and_another()
    {
        await using var first = NpgsqlDataSource.Create(await postgres.CreateDatabaseAsync());
        await using var second = NpgsqlDataSource.Create(await postgres.CreateDatabaseAsync());

        await using var create = first.CreateCommand("create table t (n int)");
        await create.ExecuteNonQueryAsync();

        await using var search = second.CreateCommand("select to_regclass('t') is null");
        Assert.Equal(true, await search.ExecuteScalarAsync());
    }
}
