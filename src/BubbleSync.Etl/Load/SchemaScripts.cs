using BubbleSync.Etl.Config;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Runs;

namespace BubbleSync.Etl.Load;

/// <summary>Makes target tables that are missing: by the table's script where there is one, else from the entity's map.</summary>
internal sealed class SchemaScripts(string folder, TargetDatabase database)
{
    /// <summary>Makes everything that is missing in one transaction; gives the tables made.</summary>
    public async Task<IReadOnlyList<string>> ApplyAsync(IReadOnlyList<EntityMap> maps, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        await ControlTables.EnsureAsync(connection, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await connection.ScalarAsync<bool>("select exists (select from pg_namespace where nspname = @schema)", cancellationToken, ("schema", database.Schema)))
            await connection.ExecuteAsync($"create schema {Identifier.Quote(database.Schema)}", cancellationToken);
        await connection.ExecuteAsync($"set local search_path = {Identifier.Quote(database.Schema)}", cancellationToken);
        var catalogue = await CatalogueReader.ReadAsync(connection, database.Schema, cancellationToken);
        var made = new List<string>();
        foreach (var map in maps.Where(m => !catalogue.Tables.ContainsKey(m.Table)))
        {
            await connection.ExecuteAsync(await ScriptAsync(map, cancellationToken), cancellationToken);
            made.Add(map.Table);
        }

        await transaction.CommitAsync(cancellationToken);
        return made;
    }

    private async Task<string> ScriptAsync(EntityMap map, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, $"{map.Table}.sql");
        return File.Exists(file) ? await File.ReadAllTextAsync(file, cancellationToken) : FromMap(map);
    }

    private static string FromMap(EntityMap map)
    {
        var columns = map.Fields.Select(f => $"{Identifier.Quote(f.Column)} {ColumnType(f)}{(f.Column == map.Key ? " not null" : "")}")
            .Concat(Clocks.Own.Where(c => map.Fields.All(f => f.Column != c)).Select(c => $"{Identifier.Quote(c)} timestamptz"));
        return $"""
            create table {Identifier.Quote(map.Table)} (
              {string.Join(",\n  ", columns)}
            ) with (fillfactor = 90);
            create unique index on {Identifier.Quote(map.Table)} ({Identifier.Quote(map.Key)});
            """;
    }

    private static string ColumnType(FieldMap field) => FieldType.All.TryGetValue(field.Type, out var type)
        ? type.Column
        : throw new SyncException(new SyncError("settings", null, null, field.Column, "settings", $"Column '{field.Column}': there is no type '{field.Type}'.{DidYouMean.Hint(field.Type, FieldType.All.Keys)}"));
}
