using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge.Pruning;

/// <summary>
/// Finds what else would change if rows of an entity were deleted: foreign keys may delete the rows that refer to them, or clear their links.
/// </summary>
internal sealed class CascadeCheck(EntityPlan plan)
{
    private const string KeysSql =
        $"""
        select k.conname::text, format('%I.%I', n.nspname, c.relname), k.conrelid = k.confrelid,
               case k.confdeltype when 'c' then 'delete' when 'n' then 'empty the link of' else 'reset the link of' end,
               has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') and not row_security_active(c.oid),
               (select string_agg(format('r.%I = t.%I', ra.attname, ta.attname), ' and ')
                from unnest(k.conkey, k.confkey) as u (referring, referred)
                join pg_attribute ra on ra.attrelid = k.conrelid and ra.attnum = u.referring
                join pg_attribute ta on ta.attrelid = k.confrelid and ta.attnum = u.referred)
        from pg_constraint k
        join pg_class c on c.oid = k.conrelid
        join pg_namespace n on n.oid = c.relnamespace
        where k.contype = 'f' and {CatalogueReader.IsEnforced} and k.confrelid = @table::regclass and k.conparentid = 0 and k.confdeltype in ('c', 'n', 'd')
        order by k.conname
        """;

    /// <summary>Returns the first such change in words; null if there is none.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="gone">A query of the ids to delete, as (id).</param>
    /// <param name="parameters">The parameters of that query.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<string?> FirstAsync(
        NpgsqlConnection connection, string gone, (string Name, object? Value)[] parameters, CancellationToken cancellationToken)
    {
        var keys = await connection.RowsAsync(
            KeysSql, r =>
                (Name: r.GetString(0), Table: r.GetString(1), IsOwn: r.GetBoolean(2), Does: r.GetString(3), IsSeen: r.GetBoolean(4), Match: r.GetString(5)),
                cancellationToken, ("table", plan.Table));
        foreach (var key in keys)
        {
            if (!key.IsSeen)
                return $"constraint '{key.Name}' might {key.Does} rows of {key.Table}, of which the database user does not see all. Grant select there, or "
                    + "prune soft, which marks rows and deletes none";

            var stays = key.IsOwn ? $" where not exists (select from ({gone}) too where too.id = r.{plan.Key.Quoted})" : "";
            var referring = await connection.ScalarAsync<long>(
                $"select count(*) from {key.Table} r join {plan.Table} t on {key.Match} join ({gone}) gone on t.{plan.Key.Quoted} = gone.id{stays}",
                cancellationToken, parameters);
            if (referring > 0)
                return Invariant($"constraint '{key.Name}' would {key.Does} rows of {key.Table} that stay: {referring}. Prune soft, ")
                    + "which marks rows and deletes none, or take ON DELETE off the constraint";
        }

        return null;
    }
}
