using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Merge.Conflicts;

/// <summary>
/// Executes the writes of this program that may fire triggers, in the table that is written or in any other one. A row whose <c>updated_at</c> a
/// trigger stamped later than <c>last_synced_at</c> is recorded as an own write, so that it does not look edited by hand; a row that was edited before still
/// counts as edited. A schema without triggers needs none of it.
/// </summary>
internal static class OwnWrites
{
    /// <summary>Writes, and records what triggers stamped; returns what the write returns.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="mirror">The tables of all entities.</param>
    /// <param name="listed">The tables whose edited rows the write may touch; they are listed first. Where it touches rows of others, it is done again.</param>
    /// <param name="write">
    /// The write; done again after a rollback to a savepoint. Returns, beside its value, the entity whose table it wrote by itself and how many rows: none of
    /// these is edited.
    /// </param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <param name="othersWritten">Called if more rows were written than the write itself says, as by triggers; may be null.</param>
    public static async Task<T> WriteAsync<T>(
        NpgsqlConnection connection, IReadOnlyList<MirroredTable> mirror, IEnumerable<MirroredTable> listed, Func<Task<OwnWrite<T>>> write,
        CancellationToken cancellationToken, Action? othersWritten = null)
    {
        if (!mirror.Any(t => t.Target.MayBeStamped))
            return (await write()).Value;

        var edits = new LocalEdits();
        var unlisted = listed.ToList();
        while (true)
        {
            foreach (var table in unlisted)
                await edits.ListAsync(connection, table, cancellationToken);
            await connection.ExecuteAsync("savepoint own_write", cancellationToken);
            var before = await WriteCounts.ReadAsync(connection, mirror, cancellationToken);
            var written = await write();
            // Runs triggers and constraint checks now that are deferred to the end of the transaction.
            await connection.ExecuteAsync("set constraints all immediate", cancellationToken);
            var after = await WriteCounts.ReadAsync(connection, mirror, cancellationToken);
            var touched = mirror.Where(t => before is null || after is null || after.WrittenSince(before, t.Entity) > written.Rows(t)).ToList();
            unlisted = [.. touched.Where(t => !edits.Has(t))];
            if (touched.Count > 0)
                othersWritten?.Invoke();
            if (unlisted.Count == 0)
            {
                await connection.ExecuteAsync("release savepoint own_write", cancellationToken);
                foreach (var table in mirror.Where(t => touched.Contains(t) || (t.Entity == written.Entity && t.Target.Triggers.Count > 0)))
                    await connection.ExecuteAsync(Record(table, edits.Excluded(table)), cancellationToken, Names(table));
                await edits.DropAsync(connection, cancellationToken);
                return written.Value;
            }

            await connection.ExecuteAsync("rollback to savepoint own_write; release savepoint own_write", cancellationToken);
        }
    }

    /// <summary>Records what the open transaction has written so far of a table, in which no row is edited.</summary>
    public static async Task RecordAsync(NpgsqlConnection connection, MirroredTable table, CancellationToken cancellationToken)
    {
        if (table.Target.MayBeStamped)
            await connection.ExecuteAsync(Record(table, ""), cancellationToken, Names(table));
    }

    private static (string, object?)[] Names(MirroredTable table) => [("schema", table.Schema), ("entity", table.Entity)];

    // A transaction without an id has written nothing, not even a list of edits; the table is not read. A visible row version whose writer is in
    // progress is our own, subtransactions included: rows of others are visible only once committed. A row stores 32 bits of the writer's id,
    // pg_xact_status takes 64: id(writer) = id(own) + age(own) - age(xmin).
    private static string Record(MirroredTable table, string condition) =>
        $"""
        insert into bubblesync.own_write (target_schema, entity, bubble_id, updated_at)
        select @schema, @entity, t.{table.Key}, {ClockSql.Stored(table.Target, "t", Clocks.UpdatedAt)}
        from {table.Table} t
        cross join (select pg_current_xact_id()::text::bigint as id, age(pg_current_xact_id()::xid) as age offset 0) x
        where pg_current_xact_id_if_assigned() is not null and {LocalEditSql.IsAfterSync(table)} and t.{table.Key} is not null
          and case when age(t.xmin) <= x.age
          then pg_xact_status((x.id + x.age - age(t.xmin))::text::xid8) = 'in progress' else false end
          {condition}
        on conflict (target_schema, entity, bubble_id) do update set updated_at = excluded.updated_at
        where own_write.updated_at is distinct from excluded.updated_at
        """;
}

/// <summary>The result of a write of this program.</summary>
/// <param name="Value">What it returns.</param>
/// <param name="Entity">The entity whose rows it wrote by itself, none of them edited; null where it may have written edited rows.</param>
/// <param name="Count">The number of these rows.</param>
internal sealed record OwnWrite<T>(T Value, string? Entity = null, long Count = 0)
{
    /// <summary>Returns how many rows of the table the write may have written without touching an edited one.</summary>
    public long Rows(MirroredTable table) => table.Entity == Entity ? Count : 0;
}
