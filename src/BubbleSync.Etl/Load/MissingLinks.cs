using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>Reports links whose target is in none of the tables they may point to: once for each entity, column and target.</summary>
internal sealed class MissingLinks(EntityPlan plan, StagingTable staging, Guid runId)
{
    /// <summary>Looks through what was staged; gives how many targets are missing.</summary>
    public async Task<long> ReportAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var missing = 0L;
        foreach (var column in plan.Columns.Where(c => c.Relations.Count > 0))
        {
            missing += await connection.ExecuteAsync(
                Sql(column), cancellationToken,
                ("run", runId), ("entity", plan.Name), ("column", column.Name), ("target", column.Relations[0].Entity));
        }

        return missing;
    }

    // Literals such as admin_user_x are no links: only what has the form of a Bubble id is reported. The tables are asked
    // first and what they lack is grouped after: hardly anything is left by then.
    private string Sql(ColumnPlan column)
    {
        var id = column.Type.Shape == FieldShape.TextArray ? $"unnest(s.{column.Quoted})" : $"s.{column.Quoted}";
        return $"""
            insert into bubblesync.missing_link (run_id, entity, column_name, bubble_id, target_entity, target_id)
            select @run, @entity, @column, min(l.bubble_id collate "C"), @target, l.id
            from (select {id} as id, s.{plan.Key.Quoted} as bubble_id from {staging.Name} s where s.{column.Quoted} is not null and not s.{StagingLayout.Rejected}) l
            where {string.Join(" and ", column.Relations.Select(r => $"not exists (select from {r.Table} r where r.{r.Key} = l.id)"))}
            group by l.id
            having l.id ~ '{BubbleId.Pattern}'
            """;
    }
}
