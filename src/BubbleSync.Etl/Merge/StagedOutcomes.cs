using System.Data;
using System.Runtime.CompilerServices;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Staging;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge;

/// <summary>The outcome of a record that a root names, or that names it.</summary>
/// <param name="Root">The root's key.</param>
/// <param name="Entity">The record's entity.</param>
/// <param name="Id">The record's id.</param>
/// <param name="State">Its outcome.</param>
internal sealed record StagedOutcome(string Root, string Entity, string Id, StagedState State);

/// <summary>Staged records and the roots they belong to.</summary>
/// <param name="Table">The records' staging.</param>
/// <param name="Links">Queries of (root, id).</param>
internal sealed record OutcomeQuery(StagingTable Table, IReadOnlyList<string> Links);

/// <summary>The outcome of a record.</summary>
internal enum StagedState
{
    /// <summary>Bubble does not have it.</summary>
    Missing,

    /// <summary>It did not convert, or the table cannot take it.</summary>
    Rejected,

    /// <summary>Its row was left as it is.</summary>
    Kept,

    /// <summary>Its row is new or changed.</summary>
    Written,

    /// <summary>Its row was kept although Bubble has a newer version, because it was edited here later.</summary>
    Conflicting,
}

/// <summary>Returns the outcome of each record, after the merges and before staging is dropped.</summary>
internal sealed class StagedOutcomes(TargetDatabase database)
{
    /// <summary>Reads the server's clock, to find rows a sync writes later.</summary>
    public static async Task<DateTimeOffset> NowAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        new(await connection.ScalarAsync<DateTime>("select clock_timestamp()", cancellationToken));

    /// <summary>
    /// Returns the outcome of every record that the links name, ordered by the root's bytes; the server sorts, to save memory here.
    /// </summary>
    public async IAsyncEnumerable<StagedOutcome> ReadAsync(
        IReadOnlyList<OutcomeQuery> queries, DateTimeOffset since, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
        var all = string.Join(" union all ", queries.Index().Select(q => Sql(q.Item, q.Index)));
        var rows = session.Connection.StreamAsync(
            $"""select o.root, o.entity, o.id, o.state from ({all}) o order by o.root collate "C" """,
            r => new StagedOutcome(r.GetString(0), queries[r.GetInt32(1)].Table.Plan.Name, r.GetString(2), (StagedState)r.GetInt32(3)),
            cancellationToken, ("since", since));
        await foreach (var outcome in rows)
            yield return outcome;
    }

    private static string Sql(OutcomeQuery query, int index)
    {
        var plan = query.Table.Plan;
        var (key, modified) = (plan.Key.Quoted, plan.Modified.Quoted);
        return Invariant($"""
            (select distinct l.root::text as root, {index} as entity, l.id::text as id, case
              when s.{key} is null then 0
              when s.{StagingLayout.Rejected} then 1
              when {ClockSql.Stored(plan, "t", Clocks.SyncedAt)} >= {ClockSql.Cut(plan, Clocks.SyncedAt, "@since")} then 3
              when s.{modified} > {ComparedSql.Stored("t", plan.Modified)} and {LocalEditSql.IsEdited(plan, $"s.{modified}")} then 4
              else 2 end as state
            from ({string.Join(" union ", query.Links)}) l
            left join {query.Table.Name} s on s.{key} = l.id
            left join {plan.Table} t on t.{key} = l.id
            where l.id collate "C" ~ '{BubbleId.Pattern}')
            """);
    }
}
