using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Columns;

namespace BubbleSync.Etl.Mapping.Columns;

/// <summary>Why a column cannot store a field, in words.</summary>
internal static class Misfit
{
    /// <summary>Returns the sentence.</summary>
    /// <param name="table">The table.</param>
    /// <param name="column">The column.</param>
    /// <param name="type">The field's type.</param>
    /// <param name="holdsIds">Whether the column is to hold ids of Bubble.</param>
    public static string Of(string table, ColumnInfo column, FieldType type, bool holdsIds) =>
        $"Column '{column.Name}' of table '{table}' is {column.Described}, which cannot hold {What(column, type, holdsIds)}."
        + (holdsIds ? " Ids fit text, or character varying and character of at least 32 characters." : Reason(column, type));

    private static string What(ColumnInfo column, FieldType type, bool holdsIds) =>
        holdsIds && column.Type is ColumnTypes.Enum or ColumnTypes.Uuid ? "Bubble's ids" : $"every {type.Name}";

    private static string Reason(ColumnInfo column, FieldType type) => (column.Type, type.Shape) switch
    {
        (ColumnTypes.Money, _) => " How money is read and written depends on the server's lc_monetary, its decimals too.",
        (ColumnTypes.Smallint or ColumnTypes.Integer or ColumnTypes.Bigint, FieldShape.Numeric) => " A field of type integer fits it.",
        _ => $" A field of type {type.Name} fits {string.Join(", ", ColumnStorage.ColumnsFor(type))}, or a domain over one of them.",
    };
}
