using System.Globalization;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Staging;
using Npgsql;

namespace BubbleSync.Etl.Merge.Pruning;

/// <summary>
/// The records of an entity that should be in Bubble, as far as is known here: rows that are not marked as deleted, what is staged, and rejected records that
/// are kept. The application's own rows, whose ids have another form, do not count.
/// </summary>
/// <param name="plan">The entity.</param>
/// <param name="staging">What the run read of it.</param>
/// <param name="runId">The run.</param>
/// <param name="bound">The last Created Date to count.</param>
internal sealed class LivingRecords(EntityPlan plan, StagingTable staging, Guid runId, DateTimeOffset bound)
{
    private readonly string _key = plan.Key.Quoted;
    private readonly string _created = CreatedSql.Of(plan, "t", "@bound");
    private readonly string _modified = ComparedSql.Stored("t", plan.Modified);

    private (string, object?)[] Names => [("schema", plan.Schema), ("entity", plan.Name), ("run", runId)];

    /// <summary>Counts those created before the bound and those without Created Date, in one scan of the table.</summary>
    public async Task<RangeCount> CountAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.RowsAsync(
            $"""
            select count(*) filter (where h.created < @bound), count(*) filter (where h.created is null), ({Unnamed}),
                   coalesce(bit_xor(hashtextextended(h.id, 0)) filter (where h.created < @bound), 0)
            from ({Query}) h
            """,
            r => new RangeCount(r.GetInt64(0), r.GetInt64(1), null) { Unnamed = r.GetInt64(2), Ids = r.GetInt64(3) },
            cancellationToken, [("bound", bound), .. Names]))[0];

    /// <summary>
    /// Counts those created before the bound and those without Created Date, and compares the rows with what the last sync noted, in one scan of the table.
    /// </summary>
    /// <param name="connection">A connection.</param>
    /// <param name="since">From when changes were read; null where none were.</param>
    /// <param name="last">What the last sync noted.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<RowSurvey> SurveyAsync(NpgsqlConnection connection, DateTimeOffset? since, RowNote last, CancellationToken cancellationToken) =>
        (await connection.RowsAsync(
            $"""
            select count(*) filter (where h.created < @bound), count(*) filter (where h.created is null), ({Unnamed}),
                   coalesce(bit_xor(h.hash) filter (where h.created < @bound), 0),
                   count(*) filter (where not h.is_sent and ({IsDue("h.modified", "h.row_created")})),
                   coalesce(bit_xor(h.hash) filter (where h.known < @noted), 0), count(*) filter (where h.row_created >= @noted and h.row_created < @bound),
                   ({WentBack})
            from (select *, hashtextextended(q.id, 0) as hash from ({Surveyed}) q offset 0) h
            """,
            r => new RowSurvey(
                new RangeCount(r.GetInt64(0), r.GetInt64(1), null) { Unnamed = r.GetInt64(2), Ids = r.GetInt64(3) },
                IsAsNoted: r.GetInt64(4) == 0 && r.GetInt64(5) == last.Ids, Later: r.GetInt64(6),
                WentBackTo: r.IsDBNull(7) ? null : r.GetFieldValue<DateTimeOffset>(7)),
            cancellationToken,
            [
                ("bound", bound), ("since", since), ("noted", last.To), ("at", last.At.UtcDateTime), ("newest", last.Newest.Keys.ToArray()),
                ("dates", last.Newest.Values.Select(d => d.UtcDateTime).ToArray()), .. Names,
            ]))[0];

    // Rows that no run wrote since, and that are older than when they were noted: the table is a copy from before. They were written before it was made.
    private string WentBack =>
        $"""
        select min(coalesce({ClockSql.Stored(plan, "t", Clocks.SyncedAt)}, '1970-01-01Z'))
        from unnest(@newest::text[], @dates::timestamptz[]) n (id, modified) join {plan.Table} t on t.{_key} = n.id
        where {plan.Modified.Storage.Stored($"t.{plan.Modified.Quoted}")} < n.modified and {ClockSql.Stored(plan, "t", Clocks.SyncedAt)} < @at
        """;

    /// <summary>Lists them in a table of their own, from which ranges are counted.</summary>
    public Task ListAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteAsync($"{staging.CreateHere(Bound(Query))}", cancellationToken);

    /// <summary>Counts the listed ones in ranges of Created Date.</summary>
    public async Task<IReadOnlyList<RangeCount>> CountAsync(NpgsqlConnection connection, IReadOnlyList<Window> ranges, CancellationToken cancellationToken) =>
        await connection.RowsAsync(
            $"""
            select count(h.id), (select count(*) from {staging.Here} where created is null), percentile_disc(0.5) within group (order by h.created)
            from unnest(@froms, @tos) with ordinality r (start, stop, place)
            left join {staging.Here} h on h.created >= r.start and h.created < r.stop
            group by r.place order by r.place
            """,
            r => new RangeCount(r.GetInt64(0), r.GetInt64(1), r.IsDBNull(2) ? null : new DateTimeOffset(r.GetDateTime(2))), cancellationToken, Moments(ranges));

    /// <summary>Returns the ids of listed ones in these ranges that are not staged, at most as many as <paramref name="most"/>.</summary>
    public async Task<IReadOnlyList<string>> UnstagedAsync(
        NpgsqlConnection connection, IReadOnlyList<Window> ranges, int most, CancellationToken cancellationToken) =>
        await connection.RowsAsync(
            $"""
            select h.id from {staging.Here} h
            where not exists (select from {staging.Name} s where s.{_key} = h.id) and (
              exists (select from unnest(@froms, @tos) r (start, stop) where h.created >= r.start and h.created < r.stop) or (@undated and h.created is null))
            order by h.id limit @most
            """,
            r => r.GetString(0), cancellationToken,
            [.. Moments([.. ranges.Where(r => r.Kind == WindowKind.Created)]), ("undated", ranges.Any(r => r.Kind == WindowKind.Undated)), ("most", most)]);

    /// <summary>
    /// Returns the ids of rows that Bubble should have sent as changes since a moment, and did not: their records are deleted, or older there than here.
    /// </summary>
    public async Task<IReadOnlyList<string>> UnseenAsync(
        NpgsqlConnection connection, DateTimeOffset since, RowNote last, int most, CancellationToken cancellationToken) =>
        await connection.RowsAsync(
            $"""
            select t.{_key}::text from {plan.Table} t
            where ({IsDue(_modified, _created)}) and {IsBubbles} and {IsUnmarked}
              and not exists (select from {staging.Name} s where s.{_key} = t.{_key}) and not exists ({Gone("t")})
            order by 1 limit @most
            """,
            r => r.GetString(0), cancellationToken, [("since", since), ("bound", bound), ("noted", last.To), ("most", most), .. Names]);

    /// <summary>Returns the ids of the rows that were modified last before a moment, without those whose record is staged.</summary>
    public async Task<IReadOnlyList<string>> NewestAsync(
        NpgsqlConnection connection, DateTimeOffset before, int most, CancellationToken cancellationToken) =>
        await connection.RowsAsync(
            $"""
            select t.{_key}::text from {plan.Table} t
            where {_modified} < @before and {IsBubbles} and {IsUnmarked}
              and not exists (select from {staging.Name} s where s.{_key} = t.{_key}) and not exists ({Gone("t")})
            order by {_modified} desc limit @most
            """,
            r => r.GetString(0), cancellationToken, [("before", before), ("most", most), .. Names]);

    /// <summary>Counts records that are older in Bubble than here.</summary>
    public Task<long> CountOlderAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => connection.ScalarAsync<long>(
        $"""
        select count(*) from {plan.Table} t
        join (select s.{_key}, max(s.{plan.Modified.Quoted}) as modified from {staging.Name} s
          where not s.{StagingLayout.Rejected} group by 1) s on s.{_key} = t.{_key}
        where s.modified < {_modified}
        """,
        cancellationToken);

    /// <summary>
    /// The differences that are known without reading: rows of which Bubble has no record, and rejected records that are kept, as far as they are not staged.
    /// A query without parameters of (id, verdict, columns, fields, whether it is marked, kept columns, two nulls).
    /// </summary>
    public string Differences => Bound(
        $"""
        select n.bubble_id, 'extra', null, null, false, null, null, null from bubblesync.not_in_bubble n
        where n.target_schema = @schema and n.entity = @entity
          and exists (select from {plan.Table} t where t.{_key} = n.bubble_id and {IsUnmarked})
        union all
        select coalesce(x.bubble_id, ''), 'rejected', null, array_agg(distinct x.field), false, null, null, null
        from bubblesync.rejected_record x join bubblesync.run r using (run_id)
        where r.target_schema = @schema and x.entity = @entity and x.run_id <> @run and x.superseded_by is null and {IsOfSync}
          and not exists (select from {staging.Name} s where s.{_key} = x.bubble_id)
          and not exists (select from {staging.Rejects} j where j.bubble_id is null and x.bubble_id is null and j.raw = x.raw)
        group by x.bubble_id, case when x.bubble_id is null then x.raw end
        """);

    // A query of (id, created): of a staged record its Created Date, if it has one; of others the time that is known here.
    private string Query => Select("", "");

    // The same, and of a living row: its Created Date as of the last note and as of now, when it was modified, and whether Bubble sent its record.
    private string Surveyed => Select(
        $"""
        ,
               case when {IsLivingRow} then {CreatedSql.Of(plan, "t", "@noted")} end as known,
               case when {IsLivingRow} then {_created} end as row_created,
               {_modified} as modified, s.id is not null as is_sent
        """,
        ", null::timestamptz, null::timestamptz, null::timestamptz, true");

    private string IsLivingRow => $"s.id is null or ({IsUnmarked} and not exists ({Gone("t")}))";

    // Whether Bubble should have sent the record of a row as a change. A record that was created after changes were last read was modified since, too.
    private static string IsDue(string modified, string created) =>
        $"({modified} >= @since::timestamptz and {modified} < @bound) or (@since::timestamptz <= @noted and {created} >= @noted and {created} < @bound)";

    private string Select(string more, string none) =>
        $"""
        with staged as (
          select s.{_key} as id, max(s.{StagingLayout.Created}) as created from {staging.Name} s group by 1)
        select t.{_key}::text as id, case when s.id is null then {_created} else s.created end as created{more}
        from {plan.Table} t left join staged s on s.id = t.{_key}
        where {IsBubbles} and (s.id is not null or ({IsUnmarked} and not exists ({Gone("t")})))
        union all
        select s.id::text, s.created{none}
        from staged s where not exists (select from {plan.Table} t where t.{_key} = s.id)
        union all
        select x.bubble_id, {CreatedSql.OfId("x.bubble_id")}{none}
        from (
          select distinct x.bubble_id from bubblesync.rejected_record x join bubblesync.run r using (run_id)
          where r.target_schema = @schema and x.entity = @entity and x.run_id <> @run and x.superseded_by is null
            and x.bubble_id collate "C" ~ '{BubbleId.Pattern}'
            and {IsOfSync}) x
        where not exists (select from {plan.Table} t where t.{_key} = x.bubble_id) and not exists (select from staged s where s.id = x.bubble_id)
        """;

    // Only their text distinguishes such records.
    private string Unnamed =>
        $"""
        select count(*) from (
          select x.raw from bubblesync.rejected_record x join bubblesync.run r using (run_id)
          where r.target_schema = @schema and x.entity = @entity and x.superseded_by is null and x.bubble_id is null and {IsOfSync}
          union select j.raw from {staging.Rejects} j where j.bubble_id is null) u
        """;

    private string IsBubbles => BubbleId.IsOfForm($"t.{_key}");

    // A record that a backfill rejects has its row, without the value.
    private const string IsOfSync = "r.kind not in ('verify', 'audit values') and not coalesce((r.options ->> 'dryRun')::boolean, false) "
        + "and not coalesce((r.options ->> 'backfill')::boolean, false)";

    private string IsUnmarked => DeletionMark.IsIn(plan) ? $"t.{DeletionMark.Quoted} is null" : "true";

    private string Gone(string t) =>
        $"select from bubblesync.not_in_bubble n where n.target_schema = @schema and n.entity = @entity and n.bubble_id = {t}.{_key}";

    // A statement that makes a table takes no parameters.
    private string Bound(string query) => query
        .Replace("@schema", Identifier.Literal(plan.Schema), StringComparison.Ordinal)
        .Replace("@entity", Identifier.Literal(plan.Name), StringComparison.Ordinal)
        .Replace("@run", $"{Identifier.Literal(runId.ToString())}::uuid", StringComparison.Ordinal)
        .Replace("@bound", $"{Identifier.Literal(bound.UtcDateTime.ToString("O", CultureInfo.InvariantCulture))}::timestamptz", StringComparison.Ordinal);

    private static (string, object?)[] Moments(IReadOnlyList<Window> ranges) =>
    [
        ("froms", ranges.Select(r => r.From?.UtcDateTime ?? DateTime.UnixEpoch.AddYears(-1000)).ToArray()),
        ("tos", ranges.Select(r => r.To?.UtcDateTime ?? DateTime.MaxValue).ToArray()),
    ];
}

/// <summary>What one scan of an entity's rows shows.</summary>
/// <param name="Count">The records that are here.</param>
/// <param name="IsAsNoted">Whether the rows are those that the last sync noted, and Bubble sent all that it should have sent as changes.</param>
/// <param name="Later">The rows that were created after those that are noted.</param>
/// <param name="WentBackTo">Since when changes may be missing, because rows are older than when they were noted; null where none is.</param>
internal sealed record RowSurvey(RangeCount Count, bool IsAsNoted, long Later, DateTimeOffset? WentBackTo);
