using LinqToDB;
using LinqToDB.Data;
using LinqToDB.DataProvider.PostgreSQL;
using LinqToDB.Mapping;
using Npgsql;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary>linq2db's own bulk copy into a temporary table, and its merge from there.</summary>
internal sealed class Linq2DbLoader(NpgsqlConnection connection, bool isGuarded) : PlainLoader(connection)
{
    private static readonly MappingSchema Mapping = Describe();

    public static async Task<ILoader> OpenAsync(string connectionString) => new Linq2DbLoader(await ConnectAsync(connectionString), isGuarded: false);

    public static async Task<ILoader> OpenGuardedAsync(string connectionString) => new Linq2DbLoader(await ConnectAsync(connectionString), isGuarded: true);

    protected override async Task LoadAsync(IReadOnlyList<ItemRow> rows)
    {
        await using var database = new DataConnection(
            new DataOptions().UseConnection(PostgreSQLTools.GetDataProvider(PostgreSQLVersion.v15), Connection, disposeConnection: false)
                .UseMappingSchema(Mapping));
        await using var staged = await database.CreateTempTableAsync(
            "staged", rows, new BulkCopyOptions { BulkCopyType = BulkCopyType.ProviderSpecific, BulkCopyTimeout = 0 });
        var merge = database.GetTable<ItemRow>().Merge().Using(staged).OnTargetKey();
        var update = isGuarded ? merge.UpdateWhenMatchedAnd((target, source) => target.ModifiedDate < source.ModifiedDate) : merge.UpdateWhenMatched();
        await update.InsertWhenNotMatched().MergeAsync();
    }

    private static MappingSchema Describe()
    {
        var schema = new MappingSchema();
        var builder = new FluentMappingBuilder(schema);
        builder.HasAttribute<ItemRow>(new TableAttribute(Items.Entity));
        foreach (var (name, property, _) in ItemSql.Columns)
        {
            var column = new ColumnAttribute(name) { IsPrimaryKey = property == nameof(ItemRow.BubbleId) };
            builder.HasAttribute(typeof(ItemRow).GetProperty(property)!, column);
        }

        builder.Build();
        return schema;
    }
}
