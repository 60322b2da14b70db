namespace BubbleSync.Etl.Postgres;

/// <summary>Statements that change the shape of a table, each ended by a semicolon.</summary>
internal static class Ddl
{
    /// <summary>Adds a column.</summary>
    public static string AddColumn(string schema, string table, string column, string type) =>
        $"alter table {Identifier.Quote(schema, table)} add column {Identifier.Quote(column)} {type};";

    /// <summary>Adds a column with a comment.</summary>
    public static string AddColumn(string schema, string table, string column, string type, string comment) =>
        $"{AddColumn(schema, table, column, type)} comment on column {Identifier.Quote(schema, table)}.{Identifier.Quote(column)} is {Identifier.Literal(comment)};";

    /// <summary>Gives a column another type.</summary>
    public static string ChangeColumn(string schema, string table, string column, string type) =>
        $"alter table {Identifier.Quote(schema, table)} alter column {Identifier.Quote(column)} type {type};";

    /// <summary>A line that says something and does nothing. A name from Bubble may hold line breaks, which would end the comment.</summary>
    public static string Comment(string words) => $"-- {words.ReplaceLineEndings(" ")}";

    /// <summary>Makes a column a key.</summary>
    public static string UniqueIndex(string table, string column) => $"create unique index on {table} ({Identifier.Quote(column)});";
}
