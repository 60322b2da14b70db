using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Schema.Views;

/// <summary>Makes the views of a schema, replaces earlier ones, and drops those that the maps no longer ask for. Views of others are left alone.</summary>
internal static class ViewWriter
{
    private const string OwnSql =
        $"""
        select c.relname::text, array(select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped order by attnum)
        from pg_class c
        where c.relkind = 'v' and c.relnamespace = (select oid from pg_namespace where nspname = @schema)
          and obj_description(c.oid, 'pg_class') {OwnComment.IsOwnSql}
        """;

    private const string DependentsSql =
        """
        select distinct coalesce(format('view %s', w.ev_class::regclass), pg_describe_object(d.classid, d.objid, 0))
        from pg_class c
        join pg_type t on t.oid = c.reltype
        join pg_depend d on d.deptype = 'n' and ((d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid)
                                                 or (d.refclassid = 'pg_type'::regclass and d.refobjid in (t.oid, t.typarray)))
        left join pg_rewrite w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
        where c.oid = @view::regclass and w.ev_class is distinct from c.oid
        order by 1
        """;

    /// <summary>Writes them inside the open transaction; returns their names, and what a user should know.</summary>
    /// <param name="connection">The session.</param>
    /// <param name="schema">The schema, with all tables.</param>
    /// <param name="maps">All entities.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="SyncException">A view must be dropped, and another object depends on it.</exception>
    public static async Task<(IReadOnlyList<string> Names, IReadOnlyList<string> Warnings)> ApplyAsync(
        NpgsqlConnection connection, string schema, IReadOnlyList<EntityMap> maps, CancellationToken cancellationToken)
    {
        var own = (await connection.RowsAsync(
            OwnSql, r => (Name: r.GetString(0), Columns: r.GetFieldValue<string[]>(1)), cancellationToken, ("schema", schema)))
            .ToDictionary(v => v.Name, v => v.Columns);
        var catalogue = await CatalogueReader.ReadAsync(connection, schema, cancellationToken);
        var wanted = new LinkViews(PlanCompiler.Compile(maps, catalogue, []), catalogue.Tables.Keys.Concat(catalogue.Others.Keys));
        var views = wanted.All();
        foreach (var outdated in own.Keys.Except(views.Select(v => v.Name)).Order(StringComparer.Ordinal))
            await DropAsync(connection, schema, outdated, cancellationToken);

        List<string> warnings = [.. wanted.Warnings];
        foreach (var view in views)
        {
            if (await TryAsync(connection, view.Sql(schema, own.GetValueOrDefault(view.Name, [])), cancellationToken))
                continue;

            // It loses a column, or one has another type.
            await DropAsync(connection, schema, view.Name, cancellationToken);
            await connection.ExecuteAsync(view.Sql(schema, []), cancellationToken);
            warnings.Add($"View '{view.Name}' was dropped and made anew, because a column is gone or has another type. Grant rights on it again.");
        }

        return ([.. views.Select(v => v.Name)], warnings);
    }

    /// <summary>Drops a view of the program's own whose name a new table needs.</summary>
    public static async Task MakeWayAsync(NpgsqlConnection connection, string schema, string table, CancellationToken cancellationToken)
    {
        if (await connection.ScalarAsync<bool>($"select exists ({OwnSql} and c.relname = @table)", cancellationToken, ("schema", schema), ("table", table)))
            await DropAsync(connection, schema, table, cancellationToken);
    }

    private static async Task<bool> TryAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync("savepoint view", cancellationToken);
        try
        {
            await connection.ExecuteAsync($"{sql} release savepoint view", cancellationToken);
            return true;
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InvalidTableDefinition)
        {
            await connection.ExecuteAsync("rollback to savepoint view; release savepoint view", cancellationToken);
            return false;
        }
    }

    // Never with what depends on it: that belongs to others.
    private static async Task DropAsync(NpgsqlConnection connection, string schema, string view, CancellationToken cancellationToken)
    {
        var name = Identifier.Quote(schema, view);
        var dependents = await connection.RowsAsync(DependentsSql, r => r.GetString(0), cancellationToken, ("view", name));
        if (dependents.Count > 0)
            throw new SyncException(new SyncError(
                SyncStage.Load, null, null, view, ErrorCode.TargetRefuses,
                $"View '{view}' must be dropped, because the maps no longer ask for it or for one of its columns, or because a table needs its name. But "
                    + $"{string.Join(", ", dependents)} {(dependents.Count == 1 ? "depends" : "depend")} on it. Drop that first, then apply the schema again. "
                    + "Nothing was changed."));
        await connection.ExecuteAsync(Ddl.DropViews([name]), cancellationToken);
    }
}
