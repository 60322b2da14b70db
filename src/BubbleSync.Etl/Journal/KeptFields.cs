using System.Runtime.CompilerServices;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Journal;

/// <summary>The fields that the column of unmapped fields keeps, from which a column that the map gained is filled without Bubble.</summary>
/// <param name="plan">The entity; its map keeps unmapped fields.</param>
internal sealed class KeptFields(EntityPlan plan)
{
    private const int PageSize = 100;

    // What the local application may have put there in place of an object has no fields.
    private readonly string _object =
        $"(case when jsonb_typeof(t.{plan.Unmapped!.Quoted}::jsonb) = 'object' then t.{plan.Unmapped!.Quoted}::jsonb else '{{}}' end)";

    /// <summary>The names of the fields that a backfill's columns are read from.</summary>
    public static IReadOnlyList<string> NamesOf(EntityPlan plan, Backfill backfill) =>
        [.. plan.Columns.Where(c => backfill.Columns.Contains(c.Name)).SelectMany(c => c.SourceNames).Distinct()];

    /// <summary>
    /// Whether objects have each of these fields under exactly this name, and had it from the start. A field that none has may be a wrong name, and one that
    /// only later objects have may have had another name before, which moves no Modified Date. Only the app can tell.
    /// </summary>
    public Task<bool> HaveAsync(NpgsqlConnection connection, IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var synced = $"t.{Identifier.Quote(Clocks.SyncedAt)}";
        return connection.ScalarAsync<bool>(
            $"""
            with first as (select min({synced}) as at from {plan.Table} t where t.{plan.Unmapped!.Quoted} is not null)
            select not exists (select from unnest(@names) n (name) where not exists (
              select from {plan.Table} t, first where {synced} is not distinct from first.at and {_object} ? n.name))
            """,
            cancellationToken, ("names", names.ToArray()));
    }

    /// <summary>
    /// Returns, as JSON, the records that have something for a column that is NULL: id, Modified Date and the fields that are needed. It holds no session
    /// between two parts, so that the consumer of the records may wait for one.
    /// </summary>
    public async IAsyncEnumerable<string> ReadAsync(
        TargetDatabase database, Backfill backfill, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sql = PageSql(backfill);
        var names = NamesOf(plan, backfill).ToArray();
        for (string? last = null; ;)
        {
            var after = last;
            var page = await database.RunAsync(
                c => c.RowsAsync(sql, r => (Id: r.GetString(0), Record: r.GetString(1)), cancellationToken, ("after", after), ("names", names)),
                cancellationToken);
            foreach (var (_, record) in page)
                yield return record;
            if (page.Count < PageSize)
                yield break;
            last = page[^1].Id;
        }
    }

    private string PageSql(Backfill backfill)
    {
        var modified = plan.Modified.Storage.Stored($"t.{plan.Modified.Quoted}");
        var moment = $"to_char({modified} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
        return Invariant(
            $"""
            select t.{plan.Key.Quoted}::text, (jsonb_build_object({Identifier.Literal(BubbleField.Id)}, t.{plan.Key.Quoted}::text)
              || case when {modified} is null then '{"{}"}' else jsonb_build_object({Identifier.Literal(BubbleField.Modified)}, {moment}) end
              || (select jsonb_object_agg(f.key, f.value) from jsonb_each({_object}) f where f.key = any(@names)))::text
            from {plan.Table} t
            where {_object} ?| @names and ({string.Join(" or ", backfill.Columns.Select(c => $"t.{Identifier.Quote(c)} is null"))})
              and (@after::text is null or t.{plan.Key.Quoted} > @after)
            order by t.{plan.Key.Quoted} limit {PageSize}
            """);
    }
}
