using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>Reports links whose target is in none of the tables they may point to: once for each entity, column and target.</summary>
internal sealed class MissingLinks(EntityPlan plan, StagingTable staging, Guid runId)
{
    /// <summary>Looks through what was staged or, where a crash of the server took that after the merge, through the table; gives how many targets are missing.</summary>
    public async Task<long> ReportAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var isStaged = await connection.ScalarAsync<bool>($"select exists (select from {staging.Name})", cancellationToken);
        var source = isStaged ? $"(select * from {staging.Name} where not {StagingLayout.Rejected})" : plan.Table;
        await connection.ExecuteAsync("delete from bubblesync.missing_link where run_id = @run and entity = @entity", cancellationToken, ("run", runId), ("entity", plan.Name));

        var missing = 0L;
        foreach (var column in plan.Columns.Where(c => c.Relations.Count > 0))
        {
            missing += await connection.ExecuteAsync(
                Sql(column, source), cancellationToken,
                ("run", runId), ("entity", plan.Name), ("column", column.Name), ("target", column.Relations[0].Entity));
        }

        return missing;
    }

    // Literals such as admin_user_x are no links: only what has the form of a Bubble id is reported. The tables are asked
    // first and what they lack is grouped after: hardly anything is left by then.
    private string Sql(ColumnPlan column, string source)
    {
        var id = column.Type.Shape == FieldShape.TextArray ? $"unnest(s.{column.Quoted})" : $"s.{column.Quoted}";
        return $"""
            insert into bubblesync.missing_link (run_id, entity, column_name, bubble_id, target_entity, target_id)
            select @run, @entity, @column, min(l.bubble_id collate "C"), @target, l.id
            from (select {id} as id, s.{plan.Key.Quoted} as bubble_id from {source} s where s.{column.Quoted} is not null) l
            where {string.Join(" and ", column.Relations.Select(r => $"not exists (select from {r.Table} r where r.{r.Key} = l.id)"))}
            group by l.id
            having l.id collate "C" ~ '{BubbleId.Pattern}'
            """;
    }
}
