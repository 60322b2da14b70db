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
internal sealed class LivingRecords(EntityPlan plan, StagingTable staging, Guid runId)
{
    private readonly string _key = plan.Key.Quoted;
    private readonly string _created = ClockSql.Stored(plan, "t", Clocks.CreatedAt);
    private readonly string _modified = ComparedSql.Stored("t", plan.Modified);

    private (string, object?)[] Names => [("schema", plan.Schema), ("entity", plan.Name), ("run", runId)];

    /// <summary>Counts those created before a moment and those without Created Date, in one scan of the table.</summary>
    public async Task<RangeCount> CountAsync(NpgsqlConnection connection, DateTimeOffset bound, CancellationToken cancellationToken) =>
        (await connection.RowsAsync(
            $"""
            select count(*) filter (where h.created < @bound), count(*) filter (where h.created is null), ({Unnamed}),
                   coalesce(bit_xor(hashtextextended(h.id, 0)) filter (where h.created < @bound), 0)
            from ({Query}) h
            """,
            r => new RangeCount(r.GetInt64(0), r.GetInt64(1), null) { Unnamed = r.GetInt64(2), Ids = r.GetInt64(3) },
            cancellationToken, [("bound", bound), .. Names]))[0];

    /// <summary>
    /// Counts those created before a moment and those without Created Date, and compares the rows with what the last sync noted, in one scan of the table.
    /// </summary>
    /// <param name="connection">A connection.</param>
    /// <param name="since">From when changes were read; null where none were.</param>
    /// <param name="bound">The last Created Date to count.</param>
    /// <param name="last">What the last sync noted.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The counts; null where some rows were not sent as changes, or came or went, and have to be found one by one.</returns>
    public async Task<RangeCount?> SurveyAsync(
        NpgsqlConnection connection, DateTimeOffset? since, DateTimeOffset bound, RowNote last, CancellationToken cancellationToken)
    {
        var (count, unseen, known) = (await connection.RowsAsync(
            $"""
            select count(*) filter (where h.created < @bound), count(*) filter (where h.created is null), ({Unnamed}),
                   coalesce(bit_xor(h.hash) filter (where h.created < @bound), 0), count(*) filter (where h.is_unseen),
                   coalesce(bit_xor(h.hash) filter (where h.known < @noted), 0)
            from (select *, hashtextextended(q.id, 0) as hash from ({Surveyed}) q offset 0) h
            """,
            r => (new RangeCount(r.GetInt64(0), r.GetInt64(1), null) { Unnamed = r.GetInt64(2), Ids = r.GetInt64(3) }, r.GetInt64(4), r.GetInt64(5)),
            cancellationToken, [("bound", bound), ("since", since), ("noted", last.To), .. Names]))[0];
        return unseen == 0 && known == last.Ids ? count : null;
    }

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
        NpgsqlConnection connection, DateTimeOffset since, DateTimeOffset bound, int most, CancellationToken cancellationToken) =>
        await connection.RowsAsync(
            $"""
            select t.{_key}::text from {plan.Table} t
            where {_modified} >= @since and {_modified} < @bound and {IsBubbles} and {IsUnmarked}
              and not exists (select from {staging.Name} s where s.{_key} = t.{_key}) and not exists ({Gone("t")})
            order by 1 limit @most
            """,
            r => r.GetString(0), cancellationToken, [("since", since), ("bound", bound), ("most", most), .. Names]);

    /// <summary>Counts records that are older in Bubble than here.</summary>
    public Task<long> CountOlderAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => connection.ScalarAsync<long>(
        $"""
        select count(*) from {plan.Table} t
        join (select s.{_key}, max(s.{plan.Modified.Quoted}) as modified from {staging.Name} s
          where not s.{StagingLayout.Rejected} group by 1) s on s.{_key} = t.{_key}
        where s.modified < {_modified}
        """,
        cancellationToken);

    /// <summary>Notes ids that Bubble does not have: they are left out from now on, and rejected records of these ids are outdated.</summary>
    public async Task AddGoneAsync(NpgsqlConnection connection, IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        await connection.ExecuteAsync(
            $"""
            insert into bubblesync.not_in_bubble (target_schema, entity, bubble_id, run_id)
            select @schema, @entity, g.id, @run from unnest(@ids) g (id)
            on conflict (target_schema, entity, bubble_id) do update set run_id = excluded.run_id;
            update bubblesync.rejected_record x set superseded_by = @run
            from bubblesync.run r
            where r.run_id = x.run_id and r.target_schema = @schema and x.entity = @entity and x.superseded_by is null and x.bubble_id = any(@ids)
            """,
            cancellationToken, [("ids", ids.ToArray()), .. Names]);

    /// <summary>Removes noted ids whose record Bubble sent again, or which are in no living row; returns how many, and how many remain.</summary>
    public async Task<(long Removed, long Remaining)> CountGoneAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var removed = await connection.ExecuteAsync(
            $"""
            delete from bubblesync.not_in_bubble n
            where n.target_schema = @schema and n.entity = @entity and (
              exists (select from {staging.Name} s where s.{_key} = n.bubble_id)
              or not exists (select from {plan.Table} t where t.{_key} = n.bubble_id and {IsUnmarked}))
            """,
            cancellationToken, Names);
        var remaining = await connection.ScalarAsync<long>(
            "select count(*) from bubblesync.not_in_bubble where target_schema = @schema and entity = @entity and @run is not null", cancellationToken, Names);
        return (removed, remaining);
    }

    /// <summary>
    /// The differences that are known without reading: rows of which Bubble has no record, and rejected records that are kept, as far as they are not staged.
    /// A query without parameters of (id, verdict, columns, fields, whether it is marked, kept columns).
    /// </summary>
    public string Differences => Bound(
        $"""
        select n.bubble_id, 'extra', null, null, false, null from bubblesync.not_in_bubble n
        where n.target_schema = @schema and n.entity = @entity
          and exists (select from {plan.Table} t where t.{_key} = n.bubble_id and {IsUnmarked})
        union all
        select coalesce(x.bubble_id, ''), 'rejected', null, array_agg(distinct x.field), false, null
        from bubblesync.rejected_record x join bubblesync.run r using (run_id)
        where r.target_schema = @schema and x.entity = @entity and x.run_id <> @run and x.superseded_by is null and {IsOfSync}
          and not exists (select from {staging.Name} s where s.{_key} = x.bubble_id)
          and not exists (select from {staging.Rejects} j where j.bubble_id is null and x.bubble_id is null and j.raw = x.raw)
        group by x.bubble_id, case when x.bubble_id is null then x.raw end
        """);

    // A query of (id, created). A rejected record may have no staged date: its id begins with the time of its creation.
    private string Query => Select("", "");

    // The same, and the Created Date by which the last sync noted a row, and whether the row should have been sent as a change since then but was not.
    private string Surveyed => Select(
        $"""
        ,
               case when s.id is null or ({IsUnmarked} and not exists ({Gone("t")})) then t.{Identifier.Quote(Clocks.CreatedAt)}::timestamptz end as known,
               s.id is null and {_modified} >= @since::timestamptz and {_modified} < @bound as is_unseen
        """,
        ", null::timestamptz, false");

    private string Select(string more, string none) =>
        $"""
        with staged as (
          select s.{_key} as id, max(s.{StagingLayout.Created}) as created, bool_and(s.{StagingLayout.Rejected}) as is_rejected
            from {staging.Name} s group by 1)
        select t.{_key}::text as id,
               case when s.id is null then coalesce({_created}, {Moment($"t.{_key}")})
                    when s.is_rejected then coalesce(s.created, {_created}) else s.created end as created{more}
        from {plan.Table} t left join staged s on s.id = t.{_key}
        where {IsBubbles} and (s.id is not null or ({IsUnmarked} and not exists ({Gone("t")})))
        union all
        select s.id::text, case when s.is_rejected then coalesce(s.created, {Moment("s.id")}) else s.created end{none}
        from staged s where not exists (select from {plan.Table} t where t.{_key} = s.id)
        union all
        select x.bubble_id, {Moment("x.bubble_id")}{none}
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
          union select raw from {staging.Rejects} where bubble_id is null) u
        """;

    private string IsBubbles => BubbleId.IsOfForm($"t.{_key}");

    // A record that a backfill rejects has its row, without the value.
    private const string IsOfSync = "r.kind not in ('verify', 'audit values') and not coalesce((r.options ->> 'dryRun')::boolean, false) "
        + "and not coalesce((r.options ->> 'backfill')::boolean, false)";

    private string IsUnmarked => DeletionMark.IsIn(plan) ? $"t.{DeletionMark.Quoted} is null" : "true";

    private string Gone(string t) =>
        $"select from bubblesync.not_in_bubble n where n.target_schema = @schema and n.entity = @entity and n.bubble_id = {t}.{_key}";

    // The digits may be too many for a time: then the record counts as one of the first.
    private static string Moment(string id) =>
        $"to_timestamp(case when length(split_part({id}::text collate \"C\", 'x', 1)) <= 15 then split_part({id}::text collate \"C\", 'x', 1)::numeric / 1000 "
            + "else 0 end::double precision)";

    // A statement that makes a table takes no parameters.
    private string Bound(string query) => query
        .Replace("@schema", Identifier.Literal(plan.Schema), StringComparison.Ordinal)
        .Replace("@entity", Identifier.Literal(plan.Name), StringComparison.Ordinal)
        .Replace("@run", $"{Identifier.Literal(runId.ToString())}::uuid", StringComparison.Ordinal);

    private static (string, object?)[] Moments(IReadOnlyList<Window> ranges) =>
    [
        ("froms", ranges.Select(r => r.From?.UtcDateTime ?? DateTime.UnixEpoch.AddYears(-1000)).ToArray()),
        ("tos", ranges.Select(r => r.To?.UtcDateTime ?? DateTime.MaxValue).ToArray()),
    ];
}
