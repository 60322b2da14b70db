using System.Globalization;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using static System.FormattableString;

namespace BubbleSync.Etl.Merge;

/// <summary>
/// Values that are kept here though the record does not carry their field, as text. A value that equals the column's default does not count: it never came from
/// Bubble. Columns that patches complete are counted apart. In the statements <c>s</c> is staged, <c>t</c> the table.
/// </summary>
internal sealed partial class AbsentKeptSql(EntityPlan plan)
{
    private const string Filled = "_filled_";

    private readonly int _words = StagingLayout.NullWords(plan.Columns.Count);

    /// <summary>A condition: the column's value is kept, because the record does not carry it.</summary>
    public static string IsKept(ColumnPlan column) => $"(s.{column.Quoted} is null and not {StagingLayout.IsNullMarked("s", column)} and {IsFilled(column)})";

    /// <summary>
    /// The columns to select of the staged row for <see cref="Count"/>: one bit for each column that the record does not carry. The bits are computed before
    /// the join, so that it carries a few numbers a row instead of all columns, which would take several times as long.
    /// </summary>
    public string StagedBits => Words(
        StagingLayout.AbsentName,
        column => $"s.{column.Quoted} is null",
        word => $" & ~{StagingLayout.NullMarks("s", word)}");

    /// <summary>The columns to select of the table's row for <see cref="Count"/>: one bit for each column that holds a value.</summary>
    public string StoredBits => Words(Filled, IsFilled, _ => "");

    /// <summary>Counts, over a join of rows with these bits, the values that are kept.</summary>
    /// <param name="completed">Whether those of columns that patches complete are counted; else those of all others.</param>
    /// <param name="isWritten">A condition: the row is written now, so absent fields empty the columns that allow it.</param>
    public string Count(bool completed, string isWritten)
    {
        var cleared = Kept(completed, clears: true).Select(kept => $"case when {isWritten} then 0 else {kept} end");
        var counts = Kept(completed, clears: false).Concat(cleared).ToList();
        return counts.Count == 0 ? "0::bigint" : $"coalesce(sum({string.Join(" + ", counts)}) filter (where not s.{StagingLayout.Rejected}), 0)::bigint";
    }

    private IEnumerable<string> Kept(bool completed, bool clears) => Enumerable.Range(0, _words)
        .Select(word => (Word: word, Mask: Mask(word, completed, clears)))
        .Where(w => w.Mask != 0)
        .Select(w => Invariant($"bit_count((s.{StagingLayout.AbsentName}{w.Word} & t.{Filled}{w.Word} & {Number(w.Mask)})::bit(64))"));

    private string Words(string name, Func<ColumnPlan, string> condition, Func<int, string> less) =>
        string.Join(", ", Enumerable.Range(0, _words).Select(word => Invariant($"{Word(word, condition, less)} as {name}{word}")));

    private string Word(int word, Func<ColumnPlan, string> condition, Func<int, string> less)
    {
        var bits = Of(word)
            .Select(column => $"case when {condition(column)} then {Number(Bit(column))} else 0 end")
            .ToList();
        return bits.Count == 0 ? "0::bigint" : $"({string.Join(" | ", bits)}){less(word)}";
    }

    private long Mask(int word, bool completed, bool clears) =>
        Of(word).Where(column => column.IsCompleted == completed && column.AbsentClears == clears).Aggregate(0L, (mask, column) => mask | Bit(column));

    private IEnumerable<ColumnPlan> Of(int word) => plan.Columns.Where(c => c.Ordinal / StagingLayout.BitsInWord == word && c.Name != plan.KeyName);

    private static long Bit(ColumnPlan column) => 1L << (column.Ordinal % StagingLayout.BitsInWord);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture) + "::bigint";

    private static string IsFilled(ColumnPlan column)
    {
        // Only a constant is compared: a call may have effects. json has no equality.
        var cast = column.Type.Shape == FieldShape.Json ? "::text" : "";
        return column.Target.Default is { } value && Constant().IsMatch(value)
            ? $"(t.{column.Quoted} is not null and t.{column.Quoted}{cast} is distinct from ({value}){cast})"
            : $"t.{column.Quoted} is not null";
    }

    // As PostgreSQL writes constants: numbers, quoted literals and empty arrays, with their casts.
    [GeneratedRegex("""^(\(?-?[\d.]+\)?|'([^']|'')*'|true|false|ARRAY\[\])(::[\w ."]+(\([\d,]+\))?(\[\])?)*$""")]
    private static partial Regex Constant();
}
