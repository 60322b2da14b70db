using System.Runtime.CompilerServices;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Journal.Lags;

/// <summary>The fields that the column of unmapped fields keeps, from which columns that the map gained are filled without Bubble.</summary>
/// <param name="plan">The entity; its map keeps unmapped fields.</param>
/// <param name="columns">The names of the columns to fill.</param>
internal sealed class KeptFields(EntityPlan plan, IReadOnlyList<string> columns)
{
    private const int PageSize = 100;

    private readonly IReadOnlyList<ColumnPlan> _columns = [.. plan.Columns.Where(c => columns.Contains(c.Name))];

    // What the local application may have put there in place of an object has no fields.
    private readonly string _object =
        $"(case when jsonb_typeof(t.{plan.Unmapped!.Quoted}::jsonb) = 'object' then t.{plan.Unmapped!.Quoted}::jsonb else '{{}}' end)";

    private string[] Names => [.. _columns.SelectMany(c => c.SourceNames).Distinct()];

    /// <summary>
    /// Whether objects have each of the columns' fields under exactly its name, had it from the start, and give each value as Bubble sent it. A field that none
    /// has may be a wrong name, and one that only later objects have may have had another name before, which moves no Modified Date: only the app can tell.
    /// </summary>
    public Task<bool> AreExactAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var synced = $"t.{Identifier.Quote(Clocks.SyncedAt)}";
        var isRewritten = string.Join(" or ", _columns.SelectMany(IsRewritten).DefaultIfEmpty("false"));
        return connection.ScalarAsync<bool>(
            $"""
            with first as (select min({synced}) as at from {plan.Table} t where t.{plan.Unmapped!.Quoted} is not null)
            select not exists (select from unnest(@names) n (name) where not exists (
                select from {plan.Table} t, first where {synced} is not distinct from first.at and {_object} ? n.name))
              and not exists (select from {plan.Table} t where {isRewritten})
            """,
            cancellationToken, ("names", Names));
    }

    /// <summary>
    /// Returns, as JSON, the records that have something for a column: id, Modified Date and the fields that are needed. It holds no session between two parts,
    /// so that the consumer of the records may wait for one.
    /// </summary>
    public async IAsyncEnumerable<string> ReadAsync(TargetDatabase database, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sql = PageSql();
        for (string? last = null; ;)
        {
            var after = last;
            var page = await database.RunAsync(
                c => c.RowsAsync(sql, r => (Id: r.GetString(0), Record: r.GetString(1)), cancellationToken, ("after", after), ("names", Names)),
                cancellationToken);
            foreach (var (_, record) in page)
                yield return record;
            if (page.Count < PageSize)
                yield break;
            last = page[^1].Id;
        }
    }

    // jsonb writes a number in its own way and sorts the names of an object; a column of text stores what Bubble sent.
    private IEnumerable<string> IsRewritten(ColumnPlan column)
    {
        if (column.Type.Shape is not (FieldShape.Text or FieldShape.TextArray))
            yield break;

        foreach (var name in column.SourceNames)
        {
            var path = string.Join(", ", column.Path.Prepend(name).Select(Identifier.Literal));
            yield return $"jsonb_path_exists({_object} #> array[{path}]::text[], "
                + "'$ ? (@.type() == \"object\" || @.type() == \"array\" || @.type() == \"number\")')";
        }
    }

    private string PageSql()
    {
        var modified = plan.Modified.Storage.Stored($"t.{plan.Modified.Quoted}");
        var moment = $"to_char({modified} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
        return Invariant(
            $"""
            select t.{plan.Key.Quoted}::text, (jsonb_build_object({Identifier.Literal(BubbleField.Id)}, t.{plan.Key.Quoted}::text)
              || case when {modified} is null then '{"{}"}' else jsonb_build_object({Identifier.Literal(BubbleField.Modified)}, {moment}) end
              || (select jsonb_object_agg(f.key, f.value) from jsonb_each({_object}) f where f.key = any(@names)))::text
            from {plan.Table} t
            where {_object} ?| @names
              and (@after::text is null or t.{plan.Key.Quoted} > @after)
            order by t.{plan.Key.Quoted} limit {PageSize}
            """);
    }
}
