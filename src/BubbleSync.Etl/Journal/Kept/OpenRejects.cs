using System.Data;
using System.Runtime.CompilerServices;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Reports.Mirror;

namespace BubbleSync.Etl.Journal.Kept;

/// <summary>The fields that did not convert in a run, and those of earlier syncs whose records no later run read again. Each field of a record once.</summary>
internal sealed class OpenRejects(TargetDatabase database, Guid runId)
{
    private const string Sql =
        """
        select distinct on (x.entity, coalesce(x.bubble_id, x.raw) collate "C", x.field collate "C")
          x.entity, x.bubble_id, x.field, x.reason, x.raw, x.run_id, x.at
        from bubblesync.rejected_record x join bubblesync.run r using (run_id)
        where r.target_schema = @schema and (x.run_id = @run or x.superseded_by is null and r.kind not in ('verify', 'audit values'))
        order by x.entity, coalesce(x.bubble_id, x.raw) collate "C", x.field collate "C", (x.run_id = @run) desc, x.at desc
        """;

    /// <summary>Counts them.</summary>
    public async Task<long> CountAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
        await session.Connection.DisableStatementTimeoutAsync(cancellationToken);
        return await session.Connection.ScalarAsync<long>(
            $"select count(*) from ({Sql}) x", cancellationToken, ("schema", database.Schema), ("run", runId));
    }

    /// <summary>Streams them, sorted by entity, record and field.</summary>
    public async IAsyncEnumerable<KeptReject> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
        await session.Connection.DisableStatementTimeoutAsync(cancellationToken);
        var rejects = session.Connection.StreamAsync(
            Sql,
            r => new KeptReject(
                new RejectedField(r.GetString(0), r.IsDBNull(1) ? null : r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4)),
                r.GetGuid(5), r.GetFieldValue<DateTimeOffset>(6)),
            cancellationToken, ("schema", database.Schema), ("run", runId));
        await foreach (var reject in rejects)
            yield return reject;
    }
}
