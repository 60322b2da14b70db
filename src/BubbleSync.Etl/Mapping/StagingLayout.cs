using BubbleSync.Etl.Mapping.Columns;
using static System.FormattableString;

namespace BubbleSync.Etl.Mapping;

/// <summary>The columns of an entity's staging table, written once: for creating it, for COPY and for the merge.</summary>
internal sealed class StagingLayout(EntityPlan plan)
{
    /// <summary>The number of columns that one word of marks covers; the sign bit is not used.</summary>
    public const int BitsInWord = 63;

    /// <summary>Bubble's Created Date, mapped or not.</summary>
    public const string Created = "_created";

    /// <summary>When the row was read; of two readings with one Modified Date the later counts.</summary>
    public const string Order = "_read";

    /// <summary>Whether the row only says that the record was rejected.</summary>
    public const string Rejected = "_rejected";

    /// <summary>The number of a row among those that a merge inserts, where the merge itself numbers them; beside the columns, not one of them.</summary>
    public const string Row = "_row";

    private const string MarksName = "_nulls_";

    /// <summary>The name of the merge's own bits for fields that are absent from a record.</summary>
    public const string AbsentName = "_absent_";

    // The prefix of the merge's own columns beside these.
    private const string SentName = "_sent_";

    /// <summary>Whether a column of that name would be one of staging's own.</summary>
    public static bool IsOwn(string column) =>
        column is Created or Order or Rejected or Row
        || column.StartsWith(MarksName, StringComparison.Ordinal)
        || column.StartsWith(SentName, StringComparison.Ordinal)
        || column.StartsWith(AbsentName, StringComparison.Ordinal);

    /// <summary>How many words of marks a row has.</summary>
    public static int NullWords(int columns) => (columns + BitsInWord - 1) / BitsInWord;

    /// <summary>How many fields a row has.</summary>
    public int FieldCount { get; } = plan.Columns.Count + NullWords(plan.Columns.Count) + 3;

    /// <summary>
    /// All columns with their types, in the order of rows; the last is no content, and checksums leave it out. An absent field and a null are both NULL;
    /// a mark shows the explicit null.
    /// </summary>
    public IEnumerable<(string Quoted, string Type)> Columns() =>
    [
        .. plan.Columns.Select(c => (c.Quoted, c.StagingType)),
        .. Enumerable.Range(0, NullWords(plan.Columns.Count)).Select(word => (Marks(word), "bigint")),
        (Created, "timestamptz"),
        (Rejected, "boolean"),
        (Order, "bigint"),
    ];

    /// <summary>A condition: the staged row <paramref name="s"/> stores NULL, for an explicit null or, where the map says so, for an absent field.</summary>
    public static string IsNullMarked(string s, ColumnPlan column) =>
        column.AbsentClears ? $"({s}.{column.Quoted} is null)" : IsNullSent(s, column);

    /// <summary>A condition: the record of the staged row <paramref name="s"/> carries an explicit null for the column.</summary>
    public static string IsNullSent(string s, ColumnPlan column) =>
        Invariant($"({NullMarks(s, column.Ordinal / BitsInWord)} & {1L << (column.Ordinal % BitsInWord)} <> 0)");

    /// <summary>The marks of explicit nulls of the staged row <paramref name="s"/>, for the columns of one word.</summary>
    public static string NullMarks(string s, int word) => $"{s}.{Marks(word)}";

    private static string Marks(int word) => Invariant($"{MarksName}{word}");
}
