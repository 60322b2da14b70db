using System.Collections.Frozen;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Journal;

/// <summary>
/// Which rows of a table lay in each stretch of Created Date when they were last shown to be the records of Bubble: a checksum of their ids. Where it differs,
/// rows came or went otherwise. There, equal counts of Bubble and of the table prove nothing, because a row that was deleted here hides a record that was
/// deleted there.
/// </summary>
/// <param name="plan">The entity.</param>
/// <param name="source">The app's address.</param>
internal sealed class RowStretches(EntityPlan plan, string source)
{
    // Two pages of records a stretch; of a large table more, so that what is noted stays small.
    private const int RowsInStretch = 200;
    private const int MostStretches = 1000;

    // The rows that show whether Bubble's database was restored: if they are in Bubble as they are here, it was not.
    private const int MostNewest = 3;

    // A sum that no order changes, and in which any row that comes or goes shows.
    private const string Checksum = "bit_xor(hashtextextended(l.id, 0))";

    private string Modified => plan.Modified.Storage.Compared(plan.Modified.Storage.Stored($"t.{plan.Modified.Quoted}"));

    private string Living(string bound) =>
        $"""
        select t.{plan.Key.Quoted}::text as id, {CreatedSql.Of(plan, "t", bound)} as created, {Modified} as modified from {plan.Table} t
        where {BubbleId.IsOfForm($"t.{plan.Key.Quoted}")} {(DeletionMark.IsIn(plan) ? $"and t.{DeletionMark.Quoted} is null" : "")}
        """;

    // Rows that Bubble is known not to have are none of its records.
    private string Known(string bound) =>
        $"""
        {Living(bound)} and not exists (
          select from bubblesync.not_in_bubble n where n.target_schema = @schema and n.entity = @entity and n.bubble_id = t.{plan.Key.Quoted})
        """;

    private string Noted =>
        $"""
        select t.stretches, t.at from bubblesync.run_target t join bubblesync.run r using (run_id)
        where r.target_schema = @schema and t.entity = @entity and t.identity = {TargetBaseline.IdentitySql(plan)} and t.stretches -> 'ids' is not null
        order by t.at desc limit 1
        """;

    /// <summary>Notes the stretches as they are, in the transaction that merges the entity: what changes later differs from them.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="runId">The run.</param>
    /// <param name="bound">Up to which Created Date rows are noted.</param>
    /// <param name="undated">Records without Created Date in Bubble.</param>
    /// <param name="staged">The table of the records that Bubble has, where the run read all of them; null where the counts of both sides agree.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task RecordAsync(
        NpgsqlConnection connection, Guid runId, DateTimeOffset bound, long undated, string? staged, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            $"""
            with living as (
              select l.id, l.created, l.modified from (
                {(staged is null
                    ? Known("@bound") : $"{Living("@bound")} and exists (select from {staged} s where s.{plan.Key.Quoted} = t.{plan.Key.Quoted})")}) l
              where l.created < @bound),
            numbered as (select created, row_number() over (order by created) - 1 as place, count(*) over () as total from living),
            starts as (select distinct created from numbered where place % greatest({RowsInStretch}, total / {MostStretches} + 1) = 0),
            stretches as (select array_agg(created order by created) as starts from starts),
            summed as (
              select width_bucket(l.created, s.starts) as place, {Checksum} as ids from living l cross join stretches s where s.starts is not null group by 1)
            update bubblesync.run_target set stretches = jsonb_build_object(
              'to', @bound, 'undated', @undated, 'newest', coalesce({Newest("living")}, jsonb_build_object()),
              'from', (select coalesce(jsonb_agg(created order by created), '[]') from starts),
              'ids', (select coalesce(jsonb_agg(ids order by place), '[]') from summed))
            where run_id = @run and entity = @entity
            """,
            cancellationToken, ("bound", bound), ("undated", undated), ("run", runId), ("entity", plan.Name), ("schema", plan.Schema));

    /// <summary>Notes the same as the last sync up to a later Created Date, because no row came or went since and none was created in between.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="runId">The run.</param>
    /// <param name="bound">Up to which Created Date rows are noted.</param>
    /// <param name="staged">The table of the records that were read.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task KeepAsync(NpgsqlConnection connection, Guid runId, DateTimeOffset bound, string staged, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
            $"""
            with staged as (
              select t.{plan.Key.Quoted}::text as id, {Modified} as modified
              from {staged} s join {plan.Table} t on t.{plan.Key.Quoted} = s.{plan.Key.Quoted} where not s.{StagingLayout.Rejected})
            update bubblesync.run_target set stretches = (
              select n.stretches || jsonb_build_object(
                'to', greatest(@bound, (n.stretches ->> 'to')::timestamptz),
                'newest', coalesce({Newest("staged")}, n.stretches -> 'newest'))
              from ({Noted}) n)
            where run_id = @run and entity = @entity
            """,
            cancellationToken, ("bound", bound), ("run", runId), ("schema", plan.Schema), ("entity", plan.Name), ("source", source));

    /// <summary>Returns what the last sync noted, all stretches together.</summary>
    public async Task<RowNote> LastAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var last = await connection.RowsAsync(
            $"""
            select (n.stretches ->> 'to')::timestamptz, (n.stretches ->> 'undated')::bigint,
                   coalesce((select bit_xor(v::bigint) from jsonb_array_elements_text(n.stretches -> 'ids') v), 0),
                   array(select key from jsonb_each(n.stretches -> 'newest') order by key),
                   array(select value::text::timestamptz from jsonb_each_text(n.stretches -> 'newest') order by key), n.at
            from ({Noted}) n
            """,
            r => new RowNote(new DateTimeOffset(r.GetDateTime(0)), r.GetInt64(1), r.GetInt64(2))
            {
                Newest = r.GetFieldValue<string[]>(3).Zip(r.GetFieldValue<DateTime[]>(4)).ToDictionary(n => n.First, n => Millisecond.Floor(n.Second)),
                At = new DateTimeOffset(r.GetDateTime(5)),
            },
            cancellationToken,
            ("schema", plan.Schema), ("entity", plan.Name), ("source", source));
        return last.Count > 0 ? last[0] : RowNote.None;
    }

    /// <summary>Removes what a run has noted, because its reading turned out to be incomplete.</summary>
    public Task ForgetAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken) => connection.ExecuteAsync(
        "update bubblesync.run_target set stretches = null where run_id = @run and entity = @entity",
        cancellationToken, ("run", runId), ("entity", plan.Name));

    /// <summary>Returns the stretches whose rows are no longer those that the last sync noted; none where none noted any.</summary>
    public async Task<NotedRows> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var stretches = await connection.RowsAsync(
            $"""
            with noted as (
              {Noted}),
            bounds as (
              select (stretches ->> 'to')::timestamptz as stop, (stretches ->> 'undated')::bigint as undated,
                     array(select v::timestamptz from jsonb_array_elements_text(stretches -> 'from') with ordinality f (v, n) order by n) as starts,
                     array(select v::bigint from jsonb_array_elements_text(stretches -> 'ids') with ordinality f (v, n) order by n) as sums
              from noted),
            now as (
              select case when cardinality(b.starts) = 0 then 0 else width_bucket(l.created, b.starts) end as place, {Checksum} as ids
              from ({Known("(select stop from bounds)")}) l cross join bounds b where l.created < b.stop group by 1)
            select case when p.place = 0 then null else b.starts[p.place] end, coalesce(b.starts[p.place + 1], b.stop), b.undated,
                   coalesce(n.ids, 0) <> case when p.place = 0 then 0 else b.sums[p.place] end
            from bounds b cross join generate_series(0, cardinality(b.starts)) p (place) left join now n using (place)
            order by p.place
            """,
            r => (From: r.IsDBNull(0) ? (DateTime?)null : r.GetDateTime(0), To: r.GetDateTime(1), Undated: r.GetInt64(2), HasChanged: r.GetBoolean(3)),
            cancellationToken,
            ("schema", plan.Schema), ("entity", plan.Name), ("source", source));
        return new NotedRows(stretches.Count > 0 ? stretches[0].Undated : null, [.. stretches.Where(s => s.HasChanged).Select(s => Window(s.From, s.To))]);
    }

    // Their Modified Dates by id; null where there are no rows.
    private static string Newest(string rows) => "(select jsonb_object_agg(n.id, n.modified) "
        + $"from (select r.id, r.modified from {rows} r where r.modified is not null order by r.modified desc limit {MostNewest}) n)";

    // Starts have microseconds, windows milliseconds: a stretch ends where the next one begins, on the next millisecond.
    private static Window Window(DateTime? from, DateTime to) => new(
        WindowKind.Created, from is { } start ? new DateTimeOffset(start) : null, Millisecond.Floor(new DateTimeOffset(to)).AddMilliseconds(1));
}

/// <summary>What the last sync noted about the rows of an entity, in all stretches together.</summary>
/// <param name="To">Up to which Created Date rows were noted.</param>
/// <param name="Undated">Records without Created Date in Bubble; null where nothing was noted.</param>
/// <param name="Ids">The checksum of the ids.</param>
internal sealed record RowNote(DateTimeOffset To, long? Undated, long Ids)
{
    /// <summary>Nothing was noted.</summary>
    public static readonly RowNote None = new(new DateTimeOffset(DateTime.UnixEpoch).AddYears(-1000), null, 0);

    /// <summary>When the run began that noted it.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The rows that were modified last: their Modified Dates, on the millisecond, by id.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Newest { get; init; } = FrozenDictionary<string, DateTimeOffset>.Empty;

    /// <summary>
    /// Returns the Created Dates of which no row is noted and no record was sent as a change; null if there are none. In these, rows may have come and gone
    /// without a trace, for example where runs compared no counts.
    /// </summary>
    /// <param name="since">From when changes were read; null where none were.</param>
    /// <param name="bound">The last Created Date to compare.</param>
    public Window? Unnoted(DateTimeOffset? since, DateTimeOffset bound)
    {
        var (from, to) = (Millisecond.Floor(To), since < bound ? since.Value : bound);
        return Undated is not null && from < to ? new Window(WindowKind.Created, from, to) : null;
    }
}
