using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Staging;

namespace BubbleSync.Benchmarks;

/// <summary>The statements that one would write first: whatever is staged replaces what is there, changed or not.</summary>
internal sealed class PlainUpserts(StagingTable staging)
{
    private readonly EntityPlan _plan = staging.Plan;

    public string Merge =>
        $"""
        merge into {_plan.Table} t using {staging.Name} s on t.{_plan.Key.Quoted} = s.{_plan.Key.Quoted}
        when matched then update set {Each(c => $"{c.Column} = {c.Value}")}
        when not matched then insert ({Each(c => c.Column)}) values ({Each(c => c.Value)})
        """;

    public string OnConflict => Upsert("true");

    /// <summary>For one record, named by its id. It needs not even send the values: in its favour.</summary>
    public string One => Upsert($"s.{_plan.Key.Quoted} = $1");

    private string Upsert(string which) =>
        $"""
        insert into {_plan.Table} ({Each(c => c.Column)}) select {Each(c => c.Value)} from {staging.Name} s where {which}
        on conflict ({_plan.Key.Quoted}) do update set {Each(c => $"{c.Column} = excluded.{c.Column}")}
        """;

    private string Each(Func<(string Column, string Value), string> text) => string.Join(", ", Columns().Select(text));

    private IEnumerable<(string Column, string Value)> Columns() =>
    [
        .. _plan.Columns.Select(c => (c.Quoted, $"s.{c.Quoted}")),
        (Identifier.Quote(Clocks.CreatedAt), $"s.{StagingLayout.Created}"),
        (Identifier.Quote(Clocks.UpdatedAt), $"s.{_plan.Modified.Quoted}"),
        (Identifier.Quote(Clocks.SyncedAt), "now()"),
    ];
}
