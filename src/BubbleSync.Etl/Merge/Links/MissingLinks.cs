using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Staging;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge.Links;

/// <summary>Reports links whose target is in none of the tables they may point to: once for each entity, column and target.</summary>
/// <param name="plan">The entity.</param>
/// <param name="staging">Its staging; null where only the table is searched.</param>
internal sealed class MissingLinks(EntityPlan plan, StagingTable? staging)
{
    /// <summary>Returns for each staging whether it has records.</summary>
    public static async Task<bool[]> AreStagedAsync(NpgsqlConnection connection, IEnumerable<StagingTable> tables, CancellationToken cancellationToken) =>
        (await connection.ScalarAsync<bool[]>(
            $"select array[{string.Join(", ", tables.Select(t => $"exists (select from {t.Name})"))}]", cancellationToken))!;

    /// <summary>
    /// Runs searches; returns how many targets are missing, by entity, of those that lack any. The report of an earlier attempt at the same run is replaced.
    /// </summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="runId">The run.</param>
    /// <param name="searches">The searches.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<IReadOnlyDictionary<string, long>> ReportAsync(
        NpgsqlConnection connection, Guid runId, IEnumerable<string> searches, CancellationToken cancellationToken)
    {
        var counts = await connection.RowsAsync(
            $"""
            with forgotten as (delete from bubblesync.missing_link where run_id = @run),
            added as (
              insert into bubblesync.missing_link (run_id, entity, column_name, bubble_id, target_entity, target_id)
              {string.Join(" union all ", searches)}
              returning entity)
            select entity, count(*) from added group by entity
            """,
            r => (Entity: r.GetString(0), Missing: r.GetInt64(1)), cancellationToken, ("run", runId));
        return counts.ToDictionary(c => c.Entity, c => c.Missing);
    }

    /// <summary>Returns the searches for one entity: all single-id columns in one pass, each list by itself, because it turns one row into many.</summary>
    /// <param name="isStaged">Whether the records are staged; else the table is searched.</param>
    public IEnumerable<string> Searches(bool isStaged)
    {
        var source = isStaged ? $"(select * from {staging!.Name} where not {StagingLayout.Rejected})" : plan.Table;
        var linked = plan.Links.ToLookup(c => c.Type.Shape == FieldShape.TextArray);
        foreach (var list in linked[true])
            yield return Sql([list], $"(select {plan.Key.Quoted}, unnest({list.Quoted}) as {list.Quoted} from {source} l)");
        if (linked[false].Any())
            yield return Sql([.. linked[false]], source);
    }

    // The tables are searched first, and only ids that they lack are examined further; "offset 0" keeps that order. Hardly any ids are left then, while
    // comparing every link with the form of an id would cost more than everything else. Literals such as admin_user_x are no links.
    private string Sql(ColumnPlan[] columns, string source)
    {
        var targets = columns.SelectMany(
            c => c.Relations.Select((r, place) => $"left join {r.Table} {Alias(c, place)} on {Alias(c, place)}.{r.Key} = s.{c.Quoted}"));
        var links = columns.Select(
            c => $"({Identifier.Literal(c.Name)}, {Identifier.Literal(c.Relations[0].Entity)}, case when {IsMissing(c)} then s.{c.Quoted}::text end)");
        return $"""
            select @run, {Identifier.Literal(plan.Name)}, m.column_name, m.bubble_id, m.target, m.id
            from (
              select l.column_name, l.target, l.id, min(s.{plan.Key.Quoted} collate "C") as bubble_id
              from {source} s
              {string.Join("\n  ", targets)}
              cross join lateral (values {string.Join(", ", links)}) l (column_name, target, id)
              where ({string.Join(" or ", columns.Select(IsMissing))}) and l.id is not null
              group by l.column_name, l.target, l.id
              offset 0
            ) m
            where m.id collate "C" ~ '{BubbleId.Pattern}'
            """;
    }

    private static string IsMissing(ColumnPlan column) =>
        $"s.{column.Quoted} is not null and {string.Join(" and ", column.Relations.Select((r, place) => $"{Alias(column, place)}.{r.Key} is null"))}";

    private static string Alias(ColumnPlan column, int place) => Invariant($"r{column.Ordinal}_{place}");
}
