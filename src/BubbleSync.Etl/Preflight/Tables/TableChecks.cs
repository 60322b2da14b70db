using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Constraints;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Preflight.Tables;

/// <summary>Checks the target tables: keys, rights, rules, row-level security, publications, sequences, columns that no map fills.</summary>
/// <param name="connection">A connection to the target with an open transaction.</param>
/// <param name="schema">The schema of the target tables.</param>
/// <param name="use">What is done with the tables.</param>
/// <param name="user">The user's name, quoted.</param>
internal sealed class TableChecks(NpgsqlConnection connection, string schema, TargetUse use, string user)
{
    private readonly List<TargetFinding> _findings = [];

    /// <summary>Checks the tables of these entities.</summary>
    /// <param name="plans">The entities.</param>
    /// <param name="probe">Tries a run's statements; null where staging tables cannot be made.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<IReadOnlyList<TargetFinding>> RunAsync(IReadOnlyList<EntityPlan> plans, StatementProbe? probe, CancellationToken cancellationToken)
    {
        var states = await TableState.ReadAsync(connection, schema, [.. plans.Select(p => (p.Target.Name, p.KeyName))], cancellationToken);
        var there = plans.Where(p => states.ContainsKey(p.Target.Name)).ToList();
        var oids = states.Values.Select(s => s.Oid).ToArray();
        var unidentified = await new ReplicaIdentityChecks(connection).RunAsync(oids, cancellationToken);
        var closed = await new SequenceChecks(connection).RunAsync(there, oids, user, cancellationToken);
        var unfilled = new UnfilledColumns(await ColumnRules.ReadAsync(connection, oids, cancellationToken));
        foreach (var plan in there.Where(_ => use.IsWritten))
            await CheckKeyAsync(plan, states[plan.Target.Name], cancellationToken);

        var own = there.Select(p => p.Table).ToHashSet();
        var secured = await ReadRowSecurityAsync(there, own, cancellationToken);
        var refused = new HashSet<string>();
        foreach (var plan in there)
        {
            var state = states[plan.Target.Name];
            var before = _findings.Count;
            if (use.IsWritten)
                CheckWritten(plan, state, unfilled, unidentified, closed);
            CheckRowSecurity(plan, own, secured);
            // An obstacle that is already named is not reported again in PostgreSQL's words.
            if (_findings.Skip(before).Any(f => f.Error is not null))
                refused.Add(plan.Name);
        }

        var refusals = probe is null ? null : await probe.RunAsync([.. there.Where(p => !refused.Contains(p.Name))], cancellationToken);
        // It refuses the staging tables of all entities, and then no statement was tried.
        if (refusals is { Count: > 0 } && await EventTriggers.ExplainAsync(connection, refusals.Values.First(), cancellationToken) is { } trigger)
        {
            _findings.Add(TargetFinding.Obstacle("staging tables", ErrorCode.TargetRefuses, null, trigger));
            refusals = null;
        }

        foreach (var plan in there)
            await CheckRightsAsync(plan, states[plan.Target.Name], refusals?.GetValueOrDefault(plan.Name), cancellationToken);
        return _findings;
    }

    // Of the tables that links point to, rows are only read. A hidden target would look missing.
    private async Task<Dictionary<string, RowSecurity>> ReadRowSecurityAsync(
        IReadOnlyList<EntityPlan> plans, HashSet<string> own, CancellationToken cancellationToken)
    {
        var checks = new RowSecurityChecks(connection, schema, user);
        var found = await checks.RunAsync(own, use, cancellationToken);
        var linked = await checks.RunAsync(plans.SelectMany(StatementProbe.Read).Distinct().Except(own), new TargetUse(IsWritten: false), cancellationToken);
        return new(found.Concat(linked));
    }

    // Each table is named once, for the first entity that needs it.
    private void CheckRowSecurity(EntityPlan plan, HashSet<string> own, Dictionary<string, RowSecurity> secured)
    {
        foreach (var table in StatementProbe.Read(plan).Where(t => !own.Contains(t)).Prepend(plan.Table))
        {
            if (secured.Remove(table, out var found))
                Add($"row-level security of {found.Name}", ErrorCode.TargetRefuses, plan, found.Obstacle, found.Remark);
        }
    }

    private async Task CheckKeyAsync(EntityPlan plan, TableState state, CancellationToken cancellationToken)
    {
        var check = $"unique key {plan.Target.Name}.{plan.KeyName}";
        if (plan.HasUniqueKey)
        {
            _findings.Add(new TargetFinding(check, "there"));
            return;
        }

        var index = Ddl.UniqueIndex(plan.Table, plan.KeyName);
        if (state.PartitionKey is { } partition)
        {
            _findings.Add(TargetFinding.Obstacle(
                check, ErrorCode.TargetRefuses, plan.Name,
                $"table {plan.Table} is partitioned by {partition}, and PostgreSQL makes '{plan.KeyName}' unique only where it is the whole partition key. "
                + $"No statement changes that: use a table that is not partitioned, or partitioned by hash ({Identifier.Quote(plan.KeyName)})"));
        }
        else if (await FindDuplicatesAsync(plan, cancellationToken) is { } duplicates)
        {
            _findings.Add(TargetFinding.Obstacle(check, duplicates));
        }
        else if (state is { IsOwn: true, CanCreate: false })
        {
            _findings.Add(TargetFinding.Obstacle(
                check, ErrorCode.TargetRights, plan.Name,
                $"missing, and the user may not make an index in schema {Identifier.Quote(schema)}. Grant it: "
                + $"grant create on schema {Identifier.Quote(schema)} to {user};"));
        }
        else if (state.IsOwn)
        {
            _findings.Add(new TargetFinding(check, $"missing; the next run makes it and says so. To make it now: {index}"));
        }
        else
        {
            _findings.Add(TargetFinding.Obstacle(check, ErrorCode.TargetRights, plan.Name, $"missing, and only the table's owner can make it: {index}"));
        }
    }

    private async Task<SyncException?> FindDuplicatesAsync(EntityPlan plan, CancellationToken cancellationToken)
    {
        try
        {
            var refused = await connection.TryAndRollBackAsync(() => UniqueKeys.CheckAsync(connection, plan, cancellationToken), cancellationToken);
            // The checks of rights name the missing ones.
            return refused is null or { SqlState: PostgresErrorCodes.InsufficientPrivilege } ? null : throw refused;
        }
        catch (SyncException duplicates)
        {
            return duplicates;
        }
    }

    private void CheckWritten(
        EntityPlan plan, TableState state, UnfilledColumns unfilled, IReadOnlyDictionary<string, string> unidentified,
        IReadOnlyDictionary<string, string> closed)
    {
        var table = plan.Target.Name;
        Add($"rules on {table}", ErrorCode.TargetRefuses, plan, state.Rules.Count == 0 ? null
            : $"table {plan.Table} has rules ({string.Join(", ", state.Rules)}), and PostgreSQL's MERGE takes no table with rules. Replace them by triggers, "
                + "then drop them: "
                + string.Join(' ', state.Rules.Select(r => $"drop rule {Identifier.Quote(r)} on {plan.Table};")));
        Add($"columns of {table}", ErrorCode.ColumnUnfilled, plan, unfilled.Explain(plan));
        Add($"partitions of {table}", ErrorCode.TargetRefuses, plan, state.LacksPartitions
            ? $"table {plan.Table} is partitioned by hash, and not every remainder has a partition, so that the table would refuse a part of the "
                + "records. Create the "
                + $"missing ones: select inhrelid::regclass, pg_get_expr(relpartbound, c.oid) from pg_inherits join pg_class c on c.oid = inhrelid "
                + $"where inhparent = {Identifier.Literal(plan.Table)}::regclass; shows those that are there"
            : null);
        if (unfilled.ExplainUncertain(plan) is { } issue)
            _findings.Add(TargetFinding.Risk($"columns of {table}", issue));
        Add($"replica identity of {table}", ErrorCode.TargetRefuses, plan, unidentified.GetValueOrDefault(table));
        Add($"sequences of {table}", ErrorCode.TargetRights, plan, closed.GetValueOrDefault(table));
        if (plan.Target.Triggers is { Count: > 0 } triggers)
        {
            var keeping = triggers.Any(t => t.KeepsInserts || t.KeepsUpdates) ? " A run stops before it merges where one of them keeps rows out." : "";
            _findings.Add(new TargetFinding(
                $"triggers on {table}", $"{string.Join(", ", triggers.Select(t => t.Name))}. One that sets updated_at makes no conflict.{keeping}"));
        }

        if (state.RefusingIndexes.Count > 0)
            _findings.Add(new TargetFinding(
                $"indexes of {table}", $"{string.Join(", ", state.RefusingIndexes)} may refuse records; these are rejected, and all others load"));
        if (state.IsUnlogged)
        {
            _findings.Add(new TargetFinding(
                $"storage of {table}", "unlogged: a crash of the server empties it, and only a resync fills it again. To keep its rows: alter table "
                    + $"{plan.Table} set logged;"));
        }
    }

    private void Add(string check, ErrorCode code, EntityPlan plan, string? obstacle, string? ok = null)
    {
        if (obstacle is not null)
            _findings.Add(TargetFinding.Obstacle(check, code, plan.Name, obstacle));
        else if (ok is not null)
            _findings.Add(new TargetFinding(check, ok));
    }

    private async Task CheckRightsAsync(EntityPlan plan, TableState state, PostgresException? refused, CancellationToken cancellationToken)
    {
        var check = $"rights on {plan.Target.Name}";
        string[] needed = use.Deletes ? ["select", "insert", "update", "delete"] : use.IsWritten ? ["select", "insert", "update"] : ["select"];
        var lacking = state.Lacking.Intersect(needed).Except(state.OnColumns).ToList();
        var isDenied = refused is { SqlState: PostgresErrorCodes.InsufficientPrivilege };
        if (lacking.Count > 0 || (isDenied && state.OnColumns.Count > 0))
            Add(check, ErrorCode.TargetRights, plan, Ungranted(plan, [.. state.Lacking.Intersect(needed)], needed, state.OnColumns.Count > 0));
        else if (isDenied)
            Add(check, ErrorCode.TargetRights, plan, $"{refused!.MessageText}. "
                + $"{await new OtherGrants(connection, user).ExplainAsync(plan, refused.MessageText, state.Oid, cancellationToken)}");
        else if (refused is not null)
            Add($"statements on {plan.Target.Name}", ErrorCode.TargetRefuses, plan, Refused(plan, refused));
        else
            _findings.Add(new TargetFinding(check, Granted(plan, state)));
    }

    private static string Refused(EntityPlan plan, PostgresException refused) => string.Join(' ', new[]
    {
        $"PostgreSQL refuses what a run does with table {plan.Table}: {PostgresFailure.Said(refused)} ({refused.SqlState}).", Published(refused), refused.Hint,
    }.OfType<string>());

    // CheckCmdReplicaIdentity in src/backend/executor/execReplication.c.
    private static string? Published(PostgresException refused) =>
        refused is { SqlState: PostgresErrorCodes.InvalidColumnReference, Routine: "CheckCmdReplicaIdentity" }
        ? "A publication has a row filter or a list of columns, and needs these columns in the replica identity of the table: "
            + "select * from pg_publication_tables; shows them. Change the publication, or the replica identity"
        : null;

    private string Ungranted(EntityPlan plan, IReadOnlyList<string> lacking, IEnumerable<string> needed, bool hasColumns) =>
        $"the user lacks {string.Join(", ", lacking)} on table {plan.Table}."
        + (hasColumns ? " The grants on its columns do not suffice: a run reads and writes all mapped columns and the clocks, and reads xmin." : "")
        + $" Grant them: grant {string.Join(", ", needed)} on {plan.Table} to {user};";

    private string Granted(EntityPlan plan, TableState state)
    {
        var rights = state.OnColumns.Count > 0 ? "read, insert, update, by grants on columns" : "read, insert, update";
        return state.Lacking.Contains("delete") ? $"{rights}. For a hard prune alone: grant delete on {plan.Table} to {user};" : $"{rights}, delete";
    }
}
