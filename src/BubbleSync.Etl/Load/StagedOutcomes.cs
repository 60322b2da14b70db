using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Load;

/// <summary>What became of a record that a root names, or that names it.</summary>
/// <param name="Root">The root's key.</param>
/// <param name="Id">The record's id.</param>
/// <param name="State">What became of it.</param>
internal sealed record StagedOutcome(string Root, string Id, StagedState State);

/// <summary>What became of a record.</summary>
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

    /// <summary>Its row was left as it is, though Bubble has a newer one: it was changed here later still.</summary>
    Conflicting,
}

/// <summary>Tells, after the merges and before staging is cleared away, what became of each record.</summary>
internal sealed class StagedOutcomes(TargetDatabase database)
{
    /// <summary>The server's clock; rows that a sync wrote from then on say so.</summary>
    public async Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.ScalarAsync<DateTime>("select clock_timestamp()", cancellationToken);
    }

    /// <summary>Gives the outcome of every record that <paramref name="links"/> name, given as queries of (root, id).</summary>
    public async Task<IReadOnlyList<StagedOutcome>> ReadAsync(StagingTable table, IReadOnlyList<string> links, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var (key, modified) = (table.Plan.Key.Quoted, table.Plan.Modified.Quoted);
        await using var connection = await database.ConnectAsync(cancellationToken);
        return await connection.RowsAsync(
            $"""
            select distinct l.root, l.id, case
              when s.{key} is null then 0
              when s.{StagingLayout.Rejected} then 1
              when t.{Identifier.Quote(Clocks.SyncedAt)} >= @since then 3
              when s.{modified} > t.{modified} and {LocalEditSql.IsEdited(table.Plan, $"s.{modified}")} then 4
              else 2 end
            from ({string.Join(" union ", links)}) l
            left join {table.Name} s on s.{key} = l.id
            left join {table.Plan.Table} t on t.{key} = l.id
            where l.id collate "C" ~ '{Model.BubbleId.Pattern}'
            """,
            r => new StagedOutcome(r.GetString(0), r.GetString(1), (StagedState)r.GetInt32(2)),
            cancellationToken, ("since", since));
    }
}
