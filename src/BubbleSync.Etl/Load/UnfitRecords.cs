using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>
/// Records that convert, but that the table as it is now cannot take: a new one lacks a column that must not be empty, or a link that cannot be held
/// back has no target. They are rejected like those that do not convert, instead of stopping the run. Most tables have no such column; then there is nothing to do.
/// </summary>
internal sealed class UnfitRecords(EntityPlan plan, StagingTable staging)
{
    private readonly string _key = plan.Key.Quoted;

    /// <summary>Marks them in staging, as rejected; gives how many they are.</summary>
    public async Task<long> RejectAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var rejected = 0L;
        foreach (var column in Unfilled())
            rejected += await RejectAsync(connection, column, "a new row must not be without this column, which has no default and which no map fills", IsNew, cancellationToken);
        foreach (var column in plan.Columns.Where(c => c.IsRequired && c.Target.Default is null && c.Name != plan.KeyName))
            rejected += await RejectAsync(connection, column.Field, "absent, but a new row must not be without it", IsLacking(column), cancellationToken);
        foreach (var column in plan.Columns.Where(c => c.ForeignKeys.Count > 0 && !c.HoldsLinks))
            rejected += await RejectAsync(connection, column.Field, $"its target is not there, which foreign key '{column.ForeignKeys[0].Constraint}' of a column that must not be empty demands", IsUntied(column), cancellationToken);

        return rejected > 0 ? await connection.ExecuteAsync(Mark, cancellationToken) : 0;
    }

    private string IsNew => $"not exists (select from {plan.Table} t where t.{_key} = s.{_key})";

    private IEnumerable<string> Unfilled() => plan.Target.Columns.Values
        .Where(c => c is { IsRequired: true, IsComputed: false, Default: null } && !Clocks.Own.Contains(c.Name) && plan.Columns.All(p => p.Name != c.Name))
        .Select(c => c.Name);

    private string IsLacking(ColumnPlan column) =>
        $"s.{column.Quoted} is null and {IsNew}";

    private static string IsUntied(ColumnPlan column) =>
        $"s.{column.Quoted} is not null and not {ForeignKeySql.HasTargets(column, $"s.{column.Quoted}")}";

    private Task<long> RejectAsync(NpgsqlConnection connection, string field, string reason, string condition, CancellationToken cancellationToken) => connection.ExecuteAsync(
        $"""
        insert into {staging.Rejects} (bubble_id, {StagingLayout.Order}, field, reason, raw)
        select s.{_key}, s.{StagingLayout.Order}, @field, @reason, ({Raw()})::text
        from {staging.Name} s
        where not s.{StagingLayout.Rejected} and {condition}
        """,
        cancellationToken, ("field", field), ("reason", reason));

    private string Mark =>
        $"""
        update {staging.Name} s set {StagingLayout.Rejected} = true from {staging.Rejects} r
        where r.bubble_id = s.{_key} and r.{StagingLayout.Order} = s.{StagingLayout.Order} and not s.{StagingLayout.Rejected}
        """;

    // What came is gone by now; what was mapped from it, under Bubble's names, maps to the same row again. An absent field stays absent, a null a null.
    private string Raw() => string.Join(" || ", plan.Columns.Select(c =>
        $"case when s.{c.Quoted} is null and not {StagingLayout.IsNullMarked("s", c)} then '{{}}'::jsonb else jsonb_build_object({Identifier.Literal(c.Field)}, {c.Path.Reverse().Aggregate(Value(c), (value, step) => $"jsonb_build_object({Identifier.Literal(step)}, {value})")}) end"));

    private static string Value(ColumnPlan column) => column.Type.Shape == FieldShape.Json ? $"s.{column.Quoted}::jsonb" : $"s.{column.Quoted}";
}
