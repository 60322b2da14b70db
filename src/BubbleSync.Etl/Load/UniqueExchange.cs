using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>
/// Lets records exchange values that must be unique. A merge writes one row after the other, so that the new value of one may still be the old value of
/// another: rows that are about to give a value up are emptied first, or get a value that no row has.
/// </summary>
internal sealed class UniqueExchange(EntityPlan plan, StagingTable staging, bool force)
{
    private readonly MergeSql _sql = new(plan, staging, force);

    /// <summary>Frees the values; returns the numbers of the readings whose rows gave one up, or none where the table does not allow it.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlySet<long>> FreeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var statements = (await IndexesAsync(connection, cancellationToken)).SelectMany(Free).ToList();
        var freed = new HashSet<long>();
        if (statements.Count == 0)
            return freed;

        await connection.ExecuteAsync("savepoint exchange", cancellationToken);
        try
        {
            foreach (var statement in statements)
                freed.UnionWith(await connection.RowsAsync(statement, r => r.GetInt64(0), cancellationToken));
            await OwnWrites.RecordAsync(connection, plan.OwnTable, cancellationToken);
            await connection.ExecuteAsync("release savepoint exchange", cancellationToken);
            return freed;
        }
        catch (PostgresException failure) when (PostgresFailure.RefusesRecord(failure))
        {
            await connection.ExecuteAsync("rollback to savepoint exchange; release savepoint exchange", cancellationToken);
            return new HashSet<long>();
        }
    }

    // Each column by itself: only one that the record carries gets its new value afterwards.
    private IEnumerable<string> Free(UniqueIndex index)
    {
        foreach (var column in index.Columns.Contains(plan.KeyName) ? [] : plan.Columns.Where(c => index.Columns.Contains(c.Name)))
        {
            if (!column.IsRequired && !index.ComparesNulls)
                yield return _sql.Free(column, "null", Wanted(index, column));
            else if (!index.IsExclusion && Unused(column) is { } value)
                yield return _sql.Free(column, value, Wanted(index, column));
        }
    }

    // Only rows whose value another record wants; where an index is more than a column, all that change it.
    private string Wanted(UniqueIndex index, ColumnPlan column) => index.IsPlain && column.Target.Domain is null && column.Type.Shape != FieldShape.Json
        ? $"""
           and exists (select from {staging.Name} w where not w.{StagingLayout.Rejected}
             and w.{column.Quoted}::{column.Target.FullType} = t.{column.Quoted} and w.{plan.Key.Quoted} <> t.{plan.Key.Quoted})
           """
        : "";

    private string? Unused(ColumnPlan column) => column.Type.Shape switch
    {
        FieldShape.Text => $"chr(1) || to_hex(f.{StagingLayout.Row})",
        FieldShape.TextArray => $"array[chr(1) || to_hex(f.{StagingLayout.Row})]",
        FieldShape.Json => $"to_jsonb(chr(1) || to_hex(f.{StagingLayout.Row}))",
        FieldShape.Integer or FieldShape.Numeric => $"{Largest(column, "0")} + f.{StagingLayout.Row}",
        FieldShape.Timestamp => $"{Largest(column, "now()")} + f.{StagingLayout.Row} * interval '1 second'",
        _ => null,
    };

    private string Largest(ColumnPlan column, string otherwise) =>
        $"""
        (select coalesce(max(v.value), {otherwise}) from (
          select max(m.{column.Quoted}) as value from {plan.Table} m union all select max(m.{column.Quoted}) from {staging.Name} m) v)
        """;

    // The columns of an expression are those that the index depends on.
    private Task<List<UniqueIndex>> IndexesAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => connection.RowsAsync(
        $"""
        select i.indnullsnotdistinct, i.indisexclusion, i.indnkeyatts = 1 and i.indexprs is null and not i.indisexclusion, array(
          select a.attname::text from pg_attribute a
          where a.attrelid = i.indrelid and (
            a.attnum in (select k.column_number from unnest(i.indkey) with ordinality k (column_number, place) where k.place <= i.indnkeyatts)
            or (i.indexprs is not null and exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
              and d.refclassid = 'pg_class'::regclass and d.refobjid = i.indrelid and d.refobjsubid = a.attnum)))
          order by a.attnum)
        from pg_index i
        where i.indrelid = {Identifier.Literal(plan.Table)}::regclass and (i.indisunique or i.indisexclusion) and i.indisvalid
        """,
        r => new UniqueIndex(r.GetBoolean(0), r.GetBoolean(1), r.GetBoolean(2), r.GetFieldValue<string[]>(3)), cancellationToken);

    private sealed record UniqueIndex(bool ComparesNulls, bool IsExclusion, bool IsPlain, string[] Columns);
}
