using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Columns;
using static System.FormattableString;

namespace BubbleSync.Etl.Mapping.Columns;

/// <summary>Advice for columns that are missing or that cannot hold a field: the statements that change the table.</summary>
/// <param name="schema">The schema of the tables.</param>
internal sealed class ColumnAdvice(string schema)
{
    /// <summary>Returns the statement that adds a column.</summary>
    public string AddColumn(EntityMap map, string column, string type) => Ddl.AddColumn(schema, map.Table, column, type);

    /// <summary>Returns the statement that gives a column another type, and what to know about it; or what to do where no statement can.</summary>
    public (string Note, string? Sql) Change(EntityMap map, TableInfo table, ColumnInfo column, string type)
    {
        var change = ColumnChange.Of(schema, map.Table, column, type);
        return (change switch
        {
            { Sql: not null } => change.Note is null ? "" : $" {change.Note}.",
            _ => $" No statement is sure to convert its values: {change.Note}. {Beside(map, table, column.Name, type)}",
        }, change.Sql);
    }

    // A clock has a fixed name, so that the old column must give up its own.
    private string Beside(EntityMap map, TableInfo table, string column, string type)
    {
        var free = Enumerable.Range(2, table.Columns.Count + 1).Select(n => Invariant($"{column}_{n}")).First(n => !table.Columns.ContainsKey(n));
        if (!Clocks.All.Contains(column))
            return $"Add a column beside it and name that in {map.File}{(column == map.Key ? ", as the key too" : "")}: {AddColumn(map, free, type)}";

        // The old column is no longer filled.
        var alter = $"alter table {Identifier.Quote(schema, map.Table)}";
        var empty = table.Columns[column].IsRequired ? $"{alter} alter column {Identifier.Quote(free)} drop not null; " : "";
        return "Keep it under another name and add a new one: "
            + $"{alter} rename column {Identifier.Quote(column)} to {Identifier.Quote(free)}; {empty}{AddColumn(map, column, type)}";
    }
}
