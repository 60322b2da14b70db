using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Staging;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge.Links;

/// <summary>Reports links whose target is in none of the tables they may point to: once for each entity, column and target.</summary>
internal sealed class MissingLinks(EntityPlan plan, StagingTable staging, Guid runId)
{
    /// <summary>Searches the staged records; returns how many targets are missing. The report of an earlier attempt at the same run is replaced.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="staged">Records that were staged; if a crash of the server removed them after the merge, the table is searched.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<long> ReportAsync(NpgsqlConnection connection, long staged, CancellationToken cancellationToken)
    {
        var isStaged = staged == 0 || await connection.ScalarAsync<bool>($"select exists (select from {staging.Name})", cancellationToken);
        var source = isStaged ? $"(select * from {staging.Name} where not {StagingLayout.Rejected})" : plan.Table;
        await connection.ExecuteAsync(
            "delete from bubblesync.missing_link where run_id = @run and entity = @entity", cancellationToken, ("run", runId), ("entity", plan.Name));

        var missing = 0L;
        foreach (var sql in Statements(source))
            missing += await connection.ExecuteAsync(sql, cancellationToken, ("run", runId), ("entity", plan.Name));
        return missing;
    }

    // All single-id columns in one pass; each list by itself: it turns one row into many.
    private IEnumerable<string> Statements(string source)
    {
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
            insert into bubblesync.missing_link (run_id, entity, column_name, bubble_id, target_entity, target_id)
            select @run, @entity, m.column_name, m.bubble_id, m.target, m.id
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
