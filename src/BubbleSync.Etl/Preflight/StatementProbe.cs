using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Staging;
using Npgsql;

namespace BubbleSync.Etl.Preflight;

/// <summary>
/// Makes staging tables and lets PostgreSQL explain a run's statements, then rolls back. EXPLAIN runs nothing and fires no trigger, but refuses what the
/// statement itself would be refused for: rights of tables and columns, rules, publications, kinds of tables.
/// </summary>
/// <param name="connection">A connection to the target with an open transaction, in which the control tables are there.</param>
/// <param name="isWritten">Whether the tables are to be written, not only read.</param>
internal sealed class StatementProbe(NpgsqlConnection connection, bool isWritten)
{
    // Locks that a merge would wait for; a waiting one counts too, because others queue behind it. A plain query waits for the last kind only.
    private const string LockedSql =
        """
        select format('"%s"."%s"', replace(n.nspname, '"', '""'), replace(c.relname, '"', '""')), bool_or(l.mode = 'AccessExclusiveLock')
        from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
        where l.database = (select oid from pg_database where datname = current_database()) and l.pid <> pg_backend_pid()
          and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        group by 1
        """;

    // Unique names, so that two probes never collide, nor a probe with a run.
    private readonly Guid _id = Guid.NewGuid();

    /// <summary>Returns what PostgreSQL refuses, by entity; a table that is locked is skipped.</summary>
    public async Task<IReadOnlyDictionary<string, PostgresException>> RunAsync(IReadOnlyList<EntityPlan> plans, CancellationToken cancellationToken)
    {
        var refusals = new Dictionary<string, PostgresException>();
        var locked = (await connection.RowsAsync(LockedSql, r => (Table: r.GetString(0), IsWhole: r.GetBoolean(1)), cancellationToken))
            .ToDictionary(l => l.Table, l => l.IsWhole);
        var free = plans.Where(p => !locked.ContainsKey(p.Table) && !Read(p).Any(t => locked.GetValueOrDefault(t))).ToList();
        // Almost always nothing is refused, which one round trip shows.
        if (free.Count == 0 || await TryAsync(free, cancellationToken) is null)
            return refusals;

        foreach (var plan in free)
        {
            if (await TryAsync([plan], cancellationToken) is { } refused && refused.SqlState != PostgresErrorCodes.LockNotAvailable)
                refusals[plan.Name] = refused;
        }

        return refusals;
    }

    private Task<PostgresException?> TryAsync(IReadOnlyList<EntityPlan> plans, CancellationToken cancellationToken) => connection.TryAndRollBackAsync(
        () => connection.ExecuteAsync(
            SqlStatements.AsOne($"set local lock_timeout = '1s'; {string.Join("; ", plans.SelectMany(Statements).Distinct())}"), cancellationToken),
        cancellationToken);

    /// <summary>The tables that the merge of an entity reads beside its own, quoted.</summary>
    public static IEnumerable<string> Read(EntityPlan plan) =>
        plan.Columns.SelectMany(c => c.Relations.Select(r => r.Table).Concat(c.ForeignKeys.Select(k => Identifier.Quote(k.Schema, k.Table))));

    private IEnumerable<string> Statements(EntityPlan plan)
    {
        var staging = new StagingTable(plan, _id) { IsMade = true };
        var sql = new MergeSql(plan, staging, force: false);
        yield return staging.CreateRows;
        yield return $"explain select {string.Join(", ", plan.Columns.Select(c => c.Quoted))} from {plan.Table}";
        foreach (var relation in plan.Links.SelectMany(c => c.Relations).Distinct())
            yield return $"explain select {relation.Key} from {relation.Table}";
        if (isWritten)
        {
            yield return $"explain {sql.Classify(countGone: false)}";
            yield return $"explain {sql.Merge()}";
        }

        yield return staging.Drop;
    }
}
