using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Staging;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge.Constraints;

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
        var freed = new HashSet<long>();
        // A backfill changes no value that is there, so nothing becomes free.
        if (plan.Backfill is not null)
            return freed;

        foreach (var (index, column) in (await IndexesAsync(connection, cancellationToken)).SelectMany(Columns))
        {
            var orders = await FreeAsync(connection, index, column, cancellationToken);
            if (orders.Count > 0)
                await OwnWrites.RecordAsync(connection, plan.OwnTable, cancellationToken);
            freed.UnionWith(orders);
        }

        return freed;
    }

    // Each column by itself: only one that the record carries gets its new value afterwards.
    private IEnumerable<(UniqueIndex Index, ColumnPlan Column)> Columns(UniqueIndex index) =>
        index.Columns.Contains(plan.KeyName) ? [] : plan.Columns.Where(c => index.Columns.Contains(c.Name)).Select(c => (index, c));

    // The table may refuse a provisional value (a length, a check of its form, the range of a type): then the next one is tried. It may refuse a single row
    // (a trigger that raises): then the others give their values up one by one.
    private async Task<List<long>> FreeAsync(NpgsqlConnection connection, UniqueIndex index, ColumnPlan column, CancellationToken cancellationToken)
    {
        var wanted = Wanted(index, column);
        if (await TryFreeAsync(connection, index, column, wanted, cancellationToken) is { } all)
            return all;

        var freed = new List<long>();
        foreach (var order in await connection.RowsAsync(_sql.ToFree(column, wanted), r => r.GetInt64(0), cancellationToken))
            freed.AddRange(
                await TryFreeAsync(connection, index, column, Invariant($"{wanted} and s.{StagingLayout.Order} = {order}"), cancellationToken) ?? []);
        return freed;
    }

    // Null where the table refuses every provisional value.
    private async Task<List<long>?> TryFreeAsync(
        NpgsqlConnection connection, UniqueIndex index, ColumnPlan column, string condition, CancellationToken cancellationToken)
    {
        foreach (var value in Provisional(index, column))
        {
            await connection.ExecuteAsync("savepoint exchange", cancellationToken);
            try
            {
                var freed = await connection.RowsAsync(_sql.Free(column, value, condition), r => r.GetInt64(0), cancellationToken);
                await connection.ExecuteAsync("release savepoint exchange", cancellationToken);
                return freed;
            }
            catch (PostgresException failure) when (PostgresFailure.RefusesRecord(failure))
            {
                await connection.ExecuteAsync("rollback to savepoint exchange; release savepoint exchange", cancellationToken);
            }
        }

        return null;
    }

    private IEnumerable<string> Provisional(UniqueIndex index, ColumnPlan column)
    {
        // A foreign key with "on update" would set the rows that refer to this one to NULL, and nothing would restore them.
        if (!column.IsRequired && !index.ComparesNulls && !index.Followed.Contains(column.Name))
            yield return "null";
        foreach (var value in index.IsExclusion ? [] : ProvisionalValue.Of(plan, staging, column))
            yield return value;
    }

    // Only rows whose value another record needs; if an index is more than a column, all that change it.
    private string Wanted(UniqueIndex index, ColumnPlan column) => index.IsPlain && column.Target.Domain is null && column.Type.Shape != FieldShape.Json
        ? $"""
           and exists (select from {staging.Name} w where not w.{StagingLayout.Rejected}
             and {column.Written($"w.{column.Quoted}")}::{column.Target.FullType} = t.{column.Quoted} and w.{plan.Key.Quoted} <> t.{plan.Key.Quoted})
           """
        : "";

    // The columns of an expression are those that the index depends on.
    private Task<List<UniqueIndex>> IndexesAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => connection.RowsAsync(
        $"""
        select i.indnullsnotdistinct, i.indisexclusion, i.indnkeyatts = 1 and i.indexprs is null and not i.indisexclusion, array(
          select a.attname::text from pg_attribute a
          where a.attrelid = i.indrelid and (
            a.attnum in (select k.column_number from unnest(i.indkey) with ordinality k (column_number, place) where k.place <= i.indnkeyatts)
            or (i.indexprs is not null and exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
              and d.refclassid = 'pg_class'::regclass and d.refobjid = i.indrelid and d.refobjsubid = a.attnum)))
          order by a.attnum),
          array(
          select distinct a.attname::text from pg_constraint k join pg_attribute a on a.attrelid = k.confrelid and a.attnum = any(k.confkey)
          where k.contype = 'f' and k.confrelid = i.indrelid and k.confupdtype in ('c', 'n', 'd'))
        from pg_index i
        where i.indrelid = {Identifier.Literal(plan.Table)}::regclass and (i.indisunique or i.indisexclusion) and i.indisvalid
        """,
        r => new UniqueIndex(r.GetBoolean(0), r.GetBoolean(1), r.GetBoolean(2), r.GetFieldValue<string[]>(3), r.GetFieldValue<string[]>(4)), cancellationToken);

    private sealed record UniqueIndex(bool ComparesNulls, bool IsExclusion, bool IsPlain, string[] Columns, string[] Followed);
}
