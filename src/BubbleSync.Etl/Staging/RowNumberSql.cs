using System.Text.RegularExpressions;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Staging;

/// <summary>
/// Numbers for rows that are inserted and always rolled back, as text. A sequence does not take its numbers back. They are lower than all numbers in the table:
/// higher ones could be the next numbers of the application, which would then wait for the end of the transaction.
/// </summary>
internal static partial class RowNumberSql
{
    /// <summary>A column's default, with a number from the statement instead of the sequence's next number.</summary>
    public static string Of(ColumnInfo column, string table)
    {
        if (column.IsIdentityAlways)
            return Number(column, table);

        return NextValue().Replace(column.Default!, _ => Number(column, table));
    }

    // A text that contains a number, such as a document number, has no smallest number.
    private static string Number(ColumnInfo column, string table) => column.Type is "smallint" or "integer" or "bigint" or "numeric"
        ? $"((select coalesce(least(min(n.{Identifier.Quote(column.Name)}), 0), 0) from {table} n) - s.{StagingLayout.Row})::{column.FullType}"
        : $"(-s.{StagingLayout.Row})";

    [GeneratedRegex(@"nextval\((?:E?'(?:[^']|'')*')(?:::\w+)?\)")]
    private static partial Regex NextValue();
}
