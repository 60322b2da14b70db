using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres.Columns;
using BubbleSync.Etl.Staging;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge.Constraints;

/// <summary>
/// SQL expressions for values that no row has, for rows that give up a unique value before others take it. In them <c>t</c> is the row and <c>f</c>
/// numbers the rows.
/// </summary>
internal static class ProvisionalValue
{
    // The private use area of Unicode has 6400 characters: one of them names a row even in a column that takes a single character.
    private const int PrivateUse = 0xE000;
    private const int PrivateUseLength = 6400;

    private const int MostOfGap = 1000;

    private const string Letters = "abcdefghijklmnopqrstuvwxyz";
    private const string Digits = "0123456789";

    // Not all shifts are tried, because each costs an attempt. It is rare that all values of one form are in use.
    private static readonly int[] Shifts = [1, 2, 3, 5, 7, 11, 13, 17];

    /// <summary>Returns the expressions for a column, in the order in which they are worth trying; none if its type has no unused values.</summary>
    public static IEnumerable<string> Of(EntityPlan plan, StagingTable staging, ColumnPlan column)
    {
        var row = $"f.{StagingLayout.Row}";
        var marked = $"chr(1) || to_hex({row})";
        return (column.Type.Shape, column.Target.Type) switch
        {
            // An enum has no unused values.
            (_, ColumnTypes.Enum) => [],
            (_, ColumnTypes.Uuid) => ["gen_random_uuid()"],
            (FieldShape.Text, _) =>
                [marked, Invariant($"chr({PrivateUse} + ({row} % {PrivateUseLength})::integer)"), .. Shifted(column)],
            (FieldShape.TextArray, _) => [$"array[{marked}]"],
            (FieldShape.Json, _) => [$"to_jsonb({marked})"],
            // A large float is the same number after a small addition.
            (FieldShape.Integer or FieldShape.Numeric, ColumnTypes.Double or ColumnTypes.Real) =>
                [Largest(plan, staging, column, "0", row), $"({Largest(plan, staging, column, "0", "1")}) * (2 + {row})", Smallest(plan, staging, column, row)],
            (FieldShape.Integer, _) => [Largest(plan, staging, column, "0", row), Smallest(plan, staging, column, row), Gap(plan, staging, column, row)],
            (FieldShape.Numeric, _) => [Largest(plan, staging, column, "0", row), Smallest(plan, staging, column, row)],
            (FieldShape.Timestamp, ColumnTypes.Date) => [column.Written($"({Largest(plan, staging, column, "now()", $"{row} * interval '1 day'")})")],
            (FieldShape.Timestamp, _) => [column.Written($"({Largest(plan, staging, column, "now()", $"{row} * interval '1 second'")})")],
            _ => [],
        };
    }

    // Keeps the form that a check may require: digits become digits, letters become letters, and a fixed part of the text stays.
    private static IEnumerable<string> Shifted(ColumnPlan column)
    {
        var capitals = Letters.ToUpperInvariant();
        foreach (var shift in Shifts)
        {
            var (letters, digits) = (Shift(Letters, shift) + Shift(capitals, shift), Shift(Digits, shift));
            yield return $"translate(t.{column.Quoted}, '{Digits}', '{digits}')";
            yield return $"translate(t.{column.Quoted}, '{Letters}{capitals}', '{letters}')";
            yield return $"translate(t.{column.Quoted}, '{Letters}{capitals}{Digits}', '{letters}{digits}')";
        }
    }

    private static string Shift(string characters, int by) => characters[(by % characters.Length)..] + characters[..(by % characters.Length)];

    private static string Largest(EntityPlan plan, StagingTable staging, ColumnPlan column, string otherwise, string distance) =>
        $"(select coalesce(max(v.value), {otherwise}) from ({Values(plan, staging, column)}) v) + {distance}";

    private static string Smallest(EntityPlan plan, StagingTable staging, ColumnPlan column, string distance) =>
        $"(select coalesce(min(v.value), 0) from ({Values(plan, staging, column)}) v) - {distance}";

    // One of the numbers that are free between those in use.
    private static string Gap(EntityPlan plan, StagingTable staging, ColumnPlan column, string row) => Invariant($"""
        (select free.value from (
          select v.value, lead(v.value) over (order by v.value) as next from ({Values(plan, staging, column)}) v) n
         cross join lateral generate_series(n.value + 1, least(n.next - 1, n.value + {MostOfGap})) free (value)
         order by free.value offset {row} - 1 limit 1)
        """);

    private static string Values(EntityPlan plan, StagingTable staging, ColumnPlan column) =>
        $"select {column.Storage.Stored($"m.{column.Quoted}")} as value from {plan.Table} m union all select m.{column.Quoted} from {staging.Name} m";
}
