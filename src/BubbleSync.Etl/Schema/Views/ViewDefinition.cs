using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Schema.Views;

/// <summary>A view over target tables.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Words">What it shows, for its comment.</param>
/// <param name="Columns">Its columns: the name and the expression of each.</param>
/// <param name="From">The tables, as SQL.</param>
internal sealed record ViewDefinition(string Name, string Words, IReadOnlyList<(string Name, string Expression)> Columns, string From)
{
    /// <summary>Returns the statements that make or replace it.</summary>
    /// <param name="schema">Its schema.</param>
    /// <param name="present">
    /// The columns that it has now, in order; none where it is new. They keep their places, for PostgreSQL replaces a view only where new columns come last.
    /// </param>
    public string Sql(string schema, IReadOnlyList<string> present)
    {
        var places = present.Index().ToDictionary(c => c.Item, c => c.Index);
        var columns = Columns.OrderBy(c => places.GetValueOrDefault(c.Name, int.MaxValue)).Select(c => $"{c.Expression} as {Identifier.Quote(c.Name)}");
        var view = Identifier.Quote(schema, Name);
        // With the rights of the user who reads it. Otherwise it would show rows that row-level security or missing rights on the tables hide.
        return $"""
            create or replace view {view} with (security_invoker = true) as
            select {string.Join(",\n       ", columns)}
            from {From};
            comment on view {view} is {Identifier.Literal(OwnComment.Of(Words))};
            """;
    }
}
