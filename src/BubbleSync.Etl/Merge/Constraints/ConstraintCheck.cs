using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Merge.Links;
using BubbleSync.Etl.Staging;
using Npgsql;

namespace BubbleSync.Etl.Merge.Constraints;

/// <summary>
/// Records that convert, but that the table as it is now cannot take: a new record lacks a required column, or a link that cannot be deferred has no target.
/// They are rejected like those that do not convert, instead of stopping the run. Most tables have no such column; then there is nothing to do.
/// </summary>
internal sealed class ConstraintCheck(EntityPlan plan, StagingTable staging)
{
    private readonly string _key = plan.Key.Quoted;
    private readonly StagedRejects _rejects = new(plan, staging);

    /// <summary>Adds them to the staged rejects; returns how many fields were not there before.</summary>
    public async Task<long> RejectAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var rejected = 0L;
        // A trigger that fires before each insert may fill such a column; then only the merge can find out.
        var isFilled = plan.Target.Triggers.Any(t => t.KeepsInserts);
        foreach (var column in plan.Columns.Where(c => !isFilled && c.IsRequired && c.Target.Default is null && c.Name != plan.KeyName))
            rejected += await _rejects.AddAsync(connection, column.Field, "absent, but a new row must not be without it", IsLacking(column), cancellationToken);
        foreach (var column in plan.Columns.Where(c => c.ForeignKeys.Count > 0 && !c.HoldsLinks))
            rejected += await RejectUntiedAsync(connection, column, cancellationToken);
        return rejected;
    }

    // A rejected record cannot be the target of other records of its table.
    private async Task<long> RejectUntiedAsync(NpgsqlConnection connection, ColumnPlan column, CancellationToken cancellationToken)
    {
        var rejected = 0L;
        while (await _rejects.AddAsync(connection, column.Field, Untied(column), IsUntied(column), cancellationToken) is > 0 and var more)
            rejected += more;
        return rejected;
    }

    private string IsNew => $"not exists (select from {plan.Table} t where t.{_key} = s.{_key})";

    private string IsLacking(ColumnPlan column) =>
        $"s.{column.Quoted} is null and {IsNew}";

    // PostgreSQL checks a foreign key at the end of the statement: a target in the same table may come with the same merge.
    private string IsUntied(ColumnPlan column)
    {
        var isTied = ForeignKeySql.HasTargets(column, column.Written($"s.{column.Quoted}"));
        if (column.ForeignKeys.All(k => k.Schema == plan.Schema && k.Table == plan.Target.Name && k.Column == plan.KeyName))
        {
            isTied = $"""
                ({isTied} or exists (
                  select from {staging.Name} p where p.{_key} = s.{column.Quoted} and not p.{StagingLayout.Rejected} and not exists (
                    select from {staging.Rejects} r where r.bubble_id = p.{_key} and r.{StagingLayout.Order} = p.{StagingLayout.Order})))
                """;
        }

        return $"s.{column.Quoted} is not null and not {isTied}";
    }

    private static string Untied(ColumnPlan column) =>
        $"its target is missing, but foreign key '{column.ForeignKeys[0].Constraint}' of a required column needs it";
}
