using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Staging;
using BubbleSync.Tests.Plan;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Staging;

/// <summary>The queries that tie records to roots cost as much as there are records and roots, not the product of both.</summary>
public sealed class StagedLinkTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly EntityPlan RootPlan = TestTable.Plan(TestTable.Map("root"));
    private static readonly EntityPlan Plan = TestTable.Plan(
        TestTable.Map("thing", TestTable.Field("roots", "text[]", "Roots")), TestTable.Column("roots", "text[]"));

    private readonly StagingTable _root = new(RootPlan, Guid.CreateVersion7()) { IsMade = true };
    private readonly StagingTable _things = new(Plan, Guid.CreateVersion7()) { IsMade = true };

    [Theory]
    [InlineData("rejects")]
    [InlineData("known")]
    public async Task Records_are_compared_with_roots_by_hash_or_order_and_not_one_by_one(string query)
    {
        await using var connection = await FilledAsync();

        var plan = await TextAsync(connection, $"explain (costs off) {Sql(query)}");

        Assert.Matches("Hash Join|Hash Semi Join|Merge Join", plan);
        Assert.DoesNotContain("Nested Loop", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("SubPlan", plan, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rejects")]
    [InlineData("known")]
    public async Task Each_record_is_tied_to_the_roots_that_it_names(string query)
    {
        await using var connection = await FilledAsync();

        var ids = await TextAsync(connection, $"select q.id from ({Sql(query)}) q order by 1 limit 3");

        Assert.Equal("1x1\n1x10\n1x100", ids);
        Assert.Equal("2000", await TextAsync(connection, $"select count(*)::text from ({Sql(query)}) q"));
    }

    private string Sql(string query) =>
        query == "rejects" ? StagedLink.OfRejects(_things, _root) : StagedLinks.KnownSql(_things, Plan.Columns.Single(c => c.Field == "Roots"), _root);

    private async Task<NpgsqlConnection> FilledAsync()
    {
        var connection = new NpgsqlConnection(await postgres.CreateDatabaseAsync());
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            $"""
            create schema bubblesync_staging;
            create table {_root.Name} ({RootPlan.Key.Quoted} text, {StagingLayout.Rejected} boolean);
            create table {_things.Rejects} (bubble_id text, raw text);
            create table {Plan.Table} ({Plan.Key.Quoted} text, roots text[]);
            insert into {_root.Name} select '9x' || n, false from generate_series(1, 2000) n;
            insert into {_things.Rejects} select '1x' || n, format('%s"_id": "1x%s", "Roots": ["9x%s", "8x8"]%s', chr(123), n, n, chr(125))
              from generate_series(1, 2000) n;
            insert into {Plan.Table} select '1x' || n, array['9x' || n, '8x8'] from generate_series(1, 2000) n;
            analyze;
            """,
            connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    private static async Task<string> TextAsync(NpgsqlConnection connection, string sql)
    {
        var lines = new List<string>();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return string.Join('\n', lines);
    }
}
