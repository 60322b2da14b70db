using System.Data;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Schema.Comments;
using BubbleSync.Etl.Schema.Views;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Schema;

/// <summary>Creates missing target tables, by the table's script if there is one, otherwise from the entity's map; comments on all of them.</summary>
internal sealed class SchemaScripts(string folder, TargetDatabase database)
{
    /// <summary>Creates everything that is missing in one transaction, and writes the comments.</summary>
    /// <param name="maps">The entities whose tables must exist.</param>
    /// <param name="additions">Further statements, run after the tables are made.</param>
    /// <param name="views">Whether the views are made too.</param>
    /// <param name="cancellationToken">Stops it; nothing is made then.</param>
    public async Task<AppliedSchema> ApplyAsync(
        IReadOnlyList<EntityMap> maps, IReadOnlyList<string> additions, bool views, CancellationToken cancellationToken)
    {
        await database.RunAsync(c => ControlTables.EnsureAsync(c, cancellationToken), cancellationToken);
        return await database.RunAsync(
            async connection =>
            {
                var (made, _) = await MakeAsync(connection, maps, cancellationToken);
                foreach (var statement in additions)
                    await connection.ExecuteAsync(statement, cancellationToken);
                var (comments, uncommented) = await TableComments.ApplyAsync(connection, database.Schema, maps, cancellationToken);
                var (names, notes) = views ? await ViewWriter.ApplyAsync(connection, database.Schema, maps, cancellationToken) : ([], []);
                return new AppliedSchema(made, names, comments, [.. uncommented, .. notes]);
            },
            cancellationToken);
    }

    /// <summary>Returns the tables as they would be after the missing ones are created, and creates none; null if the user lacks the rights.</summary>
    public async Task<TablePreview?> ForeseeAsync(IReadOnlyList<EntityMap> maps, CancellationToken cancellationToken)
    {
        // Never committed.
        await using var session = await database.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
        try
        {
            var (_, completed) = await MakeAsync(session.Connection, maps, cancellationToken);
            return new TablePreview(await CatalogueReader.ReadAsync(session.Connection, database.Schema, cancellationToken), completed);
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            return null;
        }
    }

    private async Task<(IReadOnlyList<string> Made, IReadOnlyList<string> Completed)> MakeAsync(
        NpgsqlConnection connection, IReadOnlyList<EntityMap> maps, CancellationToken cancellationToken)
    {
        if (!await connection.ScalarAsync<bool>("select exists (select from pg_namespace where "
            + "nspname = @schema)", cancellationToken, ("schema", database.Schema)))
            await connection.ExecuteAsync($"create schema {Identifier.Quote(database.Schema)}", cancellationToken);
        await connection.ExecuteAsync($"set local search_path = {Identifier.Quote(database.Schema)}", cancellationToken);
        var catalogue = await CatalogueReader.ReadAsync(connection, database.Schema, cancellationToken);
        if (PlanCompiler.Compile(maps, catalogue, []).Faults.Where(f => f.Code == ErrorCode.NoTable).ToList() is { Count: > 0 } taken)
            throw new SyncException(taken);
        var missing = maps.Where(m => !catalogue.Tables.ContainsKey(m.Table)).ToList();
        foreach (var map in missing)
            await MakeAsync(connection, map, cancellationToken);
        return ([.. missing.Select(m => m.Table)], await CompleteAsync(connection, missing, cancellationToken));
    }

    // The callers report what to do if the user may not create tables.
    private async Task MakeAsync(NpgsqlConnection connection, EntityMap map, CancellationToken cancellationToken)
    {
        await ViewWriter.MakeWayAsync(connection, database.Schema, map.Table, cancellationToken);
        var script = await ScriptAsync(map, cancellationToken);
        if (SettingStatements.Fault(script) is { } fault)
            throw Unfit(map, fault, null);

        try
        {
            await connection.ExecuteAsync(SqlStatements.Sendable(script), cancellationToken);
        }
        catch (PostgresException refused) when (refused.SqlState != PostgresErrorCodes.InsufficientPrivilege)
        {
            throw Unfit(map, $"{PostgresFailure.Said(refused)} ({refused.SqlState})", refused);
        }
    }

    private static SyncException Unfit(EntityMap map, string why, Exception? cause) => new(
        new SyncError(SyncStage.Load, map.Name, null, $"{map.Table}.sql", ErrorCode.TableScript, $"{map.Name}: the script '{map.Table}.sql' in Run:Schema "
            + $"cannot be run: {why}."), cause);

    // A map may have gained fields since its table's script was written.
    private async Task<IReadOnlyList<string>> CompleteAsync(NpgsqlConnection connection, IReadOnlyList<EntityMap> maps, CancellationToken cancellationToken)
    {
        var plan = PlanCompiler.Compile(maps, await CatalogueReader.ReadAsync(connection, database.Schema, cancellationToken), []);
        var statements = plan.Gaps.Where(g => g.Kind == SchemaFindingKind.ColumnMissing).Select(g => g.Ddl).OfType<string>().ToList();
        foreach (var statement in statements)
            await connection.ExecuteAsync(statement, cancellationToken);
        return statements;
    }

    /// <summary>The statements that make an entity's table, for a session whose <c>search_path</c> is the target's schema.</summary>
    public async Task<string> ScriptAsync(EntityMap map, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, $"{map.Table}.sql");
        return File.Exists(file) ? await File.ReadAllTextAsync(file, cancellationToken) : TableScript.Of(map);
    }
}
