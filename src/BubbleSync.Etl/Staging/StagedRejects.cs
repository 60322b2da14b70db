using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Staging;

/// <summary>What an entity's merge begins with: the entries of its table of rejects, and what is kept of earlier ones.</summary>
/// <param name="Nameless">Records without a usable id.</param>
/// <param name="Named">Entries of records that have one.</param>
/// <param name="Unread">Of these, entries whose record is still to be read again as it was sent.</param>
/// <param name="AreKept">Whether a stopped attempt at the same run has kept rejects of the entity.</param>
/// <param name="IsTableEmpty">Whether the entity's table has no row.</param>
/// <param name="HasEarlier">Whether rejects of earlier runs are kept that are not outdated.</param>
internal sealed record MergeStart(long Nameless, long Named, long Unread, bool AreKept, bool IsTableEmpty, bool HasEarlier);

/// <summary>A staged record that the table refuses.</summary>
/// <param name="Order">The number of its reading.</param>
/// <param name="Field">The field, or the constraint, that the entry is about.</param>
/// <param name="Reason">Why the table refuses it.</param>
/// <param name="MayFitLater">Whether that may depend on what other rows have at the moment.</param>
internal sealed record RefusedRecord(long Order, string Field, string Reason, bool MayFitLater);

/// <summary>
/// The staged rejects of one entity. A record that the table refuses is added without its text, for staging keeps only what was mapped from it; the text is
/// read again and added before the records are merged.
/// </summary>
internal sealed class StagedRejects(EntityPlan plan, StagingTable staging)
{
    private const string Rebuilt = "; Bubble did not send the record again, and what is kept of it was rebuilt from its mapped columns";

    private readonly string _key = plan.Key.Quoted;

    /// <summary>Reads what the merge of a run begins with, in one statement.</summary>
    public async Task<MergeStart> ReadMergeStartAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken) =>
        (await connection.RowsAsync(
            staging.ReadMergeStart,
            r => new MergeStart(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetBoolean(3), r.GetBoolean(4), r.GetBoolean(5)), cancellationToken,
            ("run", runId), ("entity", plan.Name)))[0];

    /// <summary>Adds records that the table refuses.</summary>
    public Task<long> AddAsync(NpgsqlConnection connection, List<RefusedRecord> refused, CancellationToken cancellationToken) => connection.ExecuteAsync(
        $"""
        insert into {staging.Rejects} (bubble_id, {StagingLayout.Order}, field, reason)
        select s.{_key}, s.{StagingLayout.Order}, r.field, r.reason
        from unnest(@orders, @fields, @reasons) r (number, field, reason) join {staging.Name} s on s.{StagingLayout.Order} = r.number
        """,
        cancellationToken,
        ("orders", refused.Select(r => r.Order).ToArray()),
        ("fields", refused.Select(r => r.Field).ToArray()),
        ("reasons", refused.Select(r => r.Reason).ToArray()));

    /// <summary>Adds the records to which <paramref name="condition"/> applies, in which <c>s</c> is staged; returns how many were not added before.</summary>
    public Task<long> AddAsync(NpgsqlConnection connection, string field, string reason, string condition, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
        $"""
        insert into {staging.Rejects} (bubble_id, {StagingLayout.Order}, field, reason)
        select s.{_key}, s.{StagingLayout.Order}, @field, @reason
        from {staging.Name} s
        where not s.{StagingLayout.Rejected} and {condition}
          and not exists (
            select from {staging.Rejects} r where r.bubble_id = s.{_key} and r.{StagingLayout.Order} = s.{StagingLayout.Order} and r.field = @field)
        """,
        cancellationToken, ("field", field), ("reason", reason));

    /// <summary>Marks the staged rows of the entries as rejected; returns how many were not marked before.</summary>
    public Task<long> MarkAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => connection.ExecuteAsync(
        $"""
        update {staging.Name} s set {StagingLayout.Rejected} = true
        where not s.{StagingLayout.Rejected}
          and exists (select from {staging.Rejects} r where r.bubble_id = s.{_key} and r.{StagingLayout.Order} = s.{StagingLayout.Order})
        """,
        cancellationToken);

    /// <summary>Returns ids of records that are to be read again, at most as many as <paramref name="most"/>.</summary>
    public Task<List<string>> UnreadAsync(NpgsqlConnection connection, int most, CancellationToken cancellationToken) => connection.RowsAsync(
        Invariant($"select distinct bubble_id from {staging.Rejects} where raw is null order by bubble_id limit {most}"),
        r => r.GetString(0), cancellationToken);

    /// <summary>Adds the texts of records that were read again, by their ids.</summary>
    public Task<long> FillAsync(NpgsqlConnection connection, IReadOnlyDictionary<string, string> texts, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(
        $"update {staging.Rejects} r set raw = t.raw from unnest(@ids, @texts) t (id, raw) where r.bubble_id = t.id and r.raw is null",
        cancellationToken, ("ids", texts.Keys.ToArray()), ("texts", texts.Values.ToArray()));

    /// <summary>Rebuilds the texts that are still missing from the mapped columns: an absent field stays absent, a null stays null.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="isExplained">Whether the reason says that it was rebuilt.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<long> RebuildAsync(NpgsqlConnection connection, bool isExplained, CancellationToken cancellationToken) => connection.ExecuteAsync(
        $"""
        update {staging.Rejects} r set raw = ({Rebuild()})::text, is_rebuilt = true, reason = r.reason || @note from {staging.Name} s
        where s.{_key} = r.bubble_id and s.{StagingLayout.Order} = r.{StagingLayout.Order} and r.raw is null
        """,
        cancellationToken, ("note", isExplained ? Rebuilt : ""));

    private string Rebuild() => string.Join(" || ", plan.Columns.Select(c =>
        $"case when s.{c.Quoted} is null and not {StagingLayout.IsNullSent("s", c)} then '{{}}'::jsonb else {Property(c)} end"));

    private static string Property(ColumnPlan column)
    {
        var value = column.Type.Shape == FieldShape.Json ? $"s.{column.Quoted}::jsonb" : $"s.{column.Quoted}";
        if (column.HoldsUnmapped)
            return $"coalesce({value}, '{{}}')";

        // As a kept record has it, so that the mask is not masked once more.
        if (column.Mask is not null)
            value = $"jsonb_build_object('$masked', jsonb_build_object({Identifier.Literal(column.MaskForm)}, {value}))";
        return column.Path.Reverse().Append(column.Field).Aggregate(value, (inner, step) => $"jsonb_build_object({Identifier.Literal(step)}, {inner})");
    }
}
