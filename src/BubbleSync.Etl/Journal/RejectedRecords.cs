using System.Data;
using System.Runtime.CompilerServices;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Npgsql;
using NpgsqlTypes;
using static System.FormattableString;

namespace BubbleSync.Etl.Journal;

/// <summary>The records that a run rejected, as Bubble sent them.</summary>
internal sealed class RejectedRecords(TargetDatabase database, Guid runId)
{
    // yyyy-mm-ddThh:mm:ss
    private const int WholeSecondLength = 19;

    private const string FieldsSql =
        """
        select entity, bubble_id, field, reason, raw
        from bubblesync.rejected_record
        where run_id = @run
        order by entity, bubble_id collate "C", field collate "C"
        """;

    // A record has an entry for each field; one without a usable id has a single one. What was rebuilt lacks fields that Bubble has.
    private const string PlacesSql =
        """
        select ctid, octet_length(raw) from (
          select distinct on (bubble_id, raw) ctid, raw from bubblesync.rejected_record
          where run_id = @run and entity = @entity and bubble_id is not null and superseded_by is null and not is_rebuilt
        ) named
        union all
        select ctid, octet_length(raw) from bubblesync.rejected_record
        where run_id = @run and entity = @entity and bubble_id is null and superseded_by is null
        """;

    private const int MostAtOnce = 100;
    private const long MostBytesAtOnce = 1024 * 1024;

    /// <summary>Counts the records that are kept, by entity: those that can be loaded, and those that cannot.</summary>
    public async Task<IReadOnlyList<RejectedCount>> CountAsync(CancellationToken cancellationToken) => await database.RunAsync(
        c => c.RowsAsync(
            """
            select entity,
              count(distinct raw) filter (where superseded_by is null and not is_rebuilt),
              count(distinct raw) filter (where superseded_by is null and is_rebuilt),
              count(distinct raw) filter (where superseded_by is not null)
            from bubblesync.rejected_record where run_id = @run group by entity order by entity
            """,
            r => new RejectedCount(r.GetString(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3)), cancellationToken, ("run", runId)),
        cancellationToken);

    /// <summary>Returns why the run has no rejected record any more: they were forgotten, or there were none (null).</summary>
    /// <param name="entity">The entity that is asked for; null for all.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<string?> ForgottenAsync(string? entity, CancellationToken cancellationToken)
    {
        var gone = await database.RunAsync(
            c => c.ScalarAsync<long>(
                """
                select coalesce(sum(e.rejected), 0)::bigint from bubblesync.run_entity e join bubblesync.run g using (run_id)
                where e.run_id = @run and e.entity = coalesce(@entity, e.entity)
                  and g.kind not in ('verify', 'audit values') and not coalesce((g.options ->> 'dryRun')::boolean, false)
                  and not exists (select from bubblesync.rejected_record r where r.run_id = e.run_id and r.entity = e.entity)
                """,
                cancellationToken, ("run", runId), ("entity", entity)),
            cancellationToken);
        return gone == 0
            ? null
            : Invariant($"rejected records of run {runId} that are no longer kept (Run:KeepDays): {gone}. A resync reads them again");
    }

    /// <summary>Marks rejected records of earlier runs as outdated: those that this run read again and, where it read everything, all others.</summary>
    /// <param name="connection">The connection with the transaction of the merge.</param>
    /// <param name="runId">This run.</param>
    /// <param name="plan">The entity.</param>
    /// <param name="staged">The table that the entity's records are staged in.</param>
    /// <param name="isComplete">Whether it read everything.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static Task SupersedeAsync(
        NpgsqlConnection connection, Guid runId, EntityPlan plan, string staged, bool isComplete, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            $"""
            update bubblesync.rejected_record x set superseded_by = @run
            from bubblesync.run r
            where r.run_id = x.run_id and r.target_schema = @schema and x.entity = @entity and x.run_id <> @run and x.superseded_by is null
              {(isComplete ? "" : $"and exists (select from {staged} s where s.{plan.Key.Quoted} = x.bubble_id)")}
            """,
            cancellationToken, ("run", runId), ("schema", plan.Schema), ("entity", plan.Name));

    /// <summary>Marks rejected records of earlier runs as outdated whose same version this run has converted and written.</summary>
    /// <param name="connection">The connection with the transaction of the merge.</param>
    /// <param name="runId">This run.</param>
    /// <param name="plan">The entity.</param>
    /// <param name="staged">The table that the entity's records are staged in.</param>
    /// <param name="isWritten">Whether a row, <c>t</c>, was written in this transaction, as a condition.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static Task SupersedeSameVersionAsync(
        NpgsqlConnection connection, Guid runId, EntityPlan plan, string staged, string isWritten, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            $"""
            update bubblesync.rejected_record x set superseded_by = @run
            from bubblesync.run r, {staged} s
            where r.run_id = x.run_id and r.target_schema = @schema and x.entity = @entity and x.run_id <> @run and x.superseded_by is null
              and s.{plan.Key.Quoted} = x.bubble_id and not s.{StagingLayout.Rejected} and strpos(x.raw, {SentDate(plan)}) > 0
              and exists (select from {plan.Table} t where t.{plan.Key.Quoted} = x.bubble_id and {isWritten})
            """,
            cancellationToken, ("run", runId), ("schema", plan.Schema), ("entity", plan.Name));

    /// <summary>Marks rejected records of earlier runs as outdated of which this run, which does not merge, has read another version.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="runId">This run.</param>
    /// <param name="plan">The entity.</param>
    /// <param name="staged">The table that the entity's records are staged in.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static Task SupersedeOtherVersionsAsync(
        NpgsqlConnection connection, Guid runId, EntityPlan plan, string staged, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            $"""
            update bubblesync.rejected_record x set superseded_by = @run
            from bubblesync.run r, {staged} s
            where r.run_id = x.run_id and r.target_schema = @schema and x.entity = @entity and x.run_id <> @run and x.superseded_by is null
              and x.at < (select started_at from bubblesync.run where run_id = @run)
              and s.{plan.Key.Quoted} = x.bubble_id
              and strpos(x.raw, {SentDate(plan)}) = 0
            """,
            cancellationToken, ("run", runId), ("schema", plan.Schema), ("entity", plan.Name));

    // The Modified Date of a staged row as Bubble sends it, less what a coarser column cut off.
    private static string SentDate(EntityPlan plan)
    {
        var text = $"to_char(s.{plan.Modified.Quoted} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')";
        return plan.Modified.SecondDigits switch
        {
            0 => $"left({text}, {WholeSecondLength})",
            < 3 and var digits => Invariant($"left({text}, {WholeSecondLength + 1 + digits})"),
            _ => text,
        };
    }

    /// <summary>Marks rejected records of runs that ended before this one began as outdated where this run, which read everything, did not find them.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="runId">This run.</param>
    /// <param name="plan">The entity.</param>
    /// <param name="staged">The table that the entity's records are staged in.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static Task SupersedeGoneAsync(NpgsqlConnection connection, Guid runId, EntityPlan plan, string staged, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            $"""
            update bubblesync.rejected_record x set superseded_by = @run
            from bubblesync.run r
            where r.run_id = x.run_id and r.target_schema = @schema and x.entity = @entity and x.run_id <> @run and x.superseded_by is null
              and x.at < (select started_at from bubblesync.run where run_id = @run)
              and x.bubble_id is not null and not exists (select from {staged} s where s.{plan.Key.Quoted} = x.bubble_id)
            """,
            cancellationToken, ("run", runId), ("schema", plan.Schema), ("entity", plan.Name));

    /// <summary>Returns the fields that did not convert, sorted.</summary>
    public async IAsyncEnumerable<RejectedField> FieldsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
        await session.Connection.DisableStatementTimeoutAsync(cancellationToken);
        var fields = session.Connection.StreamAsync(
            FieldsSql,
            r => new RejectedField(r.GetString(0), r.IsDBNull(1) ? null : r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4)),
            cancellationToken, ("run", runId));
        await foreach (var field in fields)
            yield return field;
    }

    /// <summary>
    /// Gives each record of an entity once, as JSON, however many of its fields did not convert. It holds no session between two parts, so that the consumer of
    /// the records may wait for one.
    /// </summary>
    public async IAsyncEnumerable<string> RawAsync(string entity, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A place has 8 bytes, so that those of all records fit in memory, however large the records are.
        var places = await database.RunAsync(
            c => c.RowsAsync(
                PlacesSql, r => (Place: r.GetFieldValue<NpgsqlTid>(0), Bytes: r.GetInt32(1)), cancellationToken, ("run", runId), ("entity", entity)),
            cancellationToken);
        for (var next = 0; next < places.Count;)
        {
            var (count, bytes) = (1, (long)places[next].Bytes);
            while (next + count < places.Count && count < MostAtOnce && bytes + places[next + count].Bytes <= MostBytesAtOnce)
                bytes += places[next + count++].Bytes;
            foreach (var raw in await PartAsync(entity, [.. places.GetRange(next, count).Select(p => p.Place)], cancellationToken))
                yield return raw;
            next += count;
        }
    }

    private async Task<List<string>> PartAsync(string entity, NpgsqlTid[] places, CancellationToken cancellationToken)
    {
        const string Sql = "select raw from bubblesync.rejected_record where ctid = any(@places::tid[]) and run_id = @run and entity = @entity";
        var part = await database.RunAsync(
            c =>
                c.RowsAsync(Sql, r => r.GetString(0), cancellationToken, ("places", Array.ConvertAll(places, p => $"{p}")), ("run", runId), ("entity", entity)),
                cancellationToken);
        return part.Count == places.Length
            ? part
            : throw new SyncException(new SyncError(
                SyncStage.Load, entity, null, null, ErrorCode.RejectsForgotten,
                $"{entity}: rejected records of run {runId} were removed or marked while they were read. Run the same command again."));
    }

    /// <summary>Returns records of an entity by their ids, as JSON, as they were kept last.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadAsync(EntityPlan plan, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var records = await database.RunAsync(
            c => c.RowsAsync(
                """
                select distinct on (bubble_id) bubble_id, raw from bubblesync.rejected_record
                where run_id = @run and entity = @entity and bubble_id = any(@ids) order by bubble_id, at desc
                """,
                r => (Id: r.GetString(0), Raw: r.GetString(1)), cancellationToken, ("run", runId), ("entity", plan.Name), ("ids", ids.ToArray())),
            cancellationToken);
        return records.ToDictionary(r => r.Id, r => r.Raw);
    }

}

/// <summary>How many rejected records of an entity are kept.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="Open">Those that can be loaded.</param>
/// <param name="Rebuilt">Those whose text was rebuilt from columns, because Bubble did not send them again.</param>
/// <param name="Outdated">Those that a later run read again or found to be deleted.</param>
internal sealed record RejectedCount(string Entity, long Open, long Rebuilt, long Outdated);
