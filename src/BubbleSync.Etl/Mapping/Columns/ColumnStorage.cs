using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Columns;

namespace BubbleSync.Etl.Mapping.Columns;

/// <summary>
/// How a column stores the values of a field. The catalogue of pairs of field type and column type: a pair that is not in it is refused before anything is
/// read, whatever casts PostgreSQL has. Whether a value fits the column is checked where it is converted.
/// </summary>
/// <param name="Staged">The type that values are staged in.</param>
internal sealed record ColumnStorage(string Staged)
{
    private static readonly ColumnStorage Text = new("text") { Compared = value => $"{value}::text collate \"C\"" };
    private static readonly ColumnStorage TextList = new("text[]") { Compared = value => $"{value}::text[] collate \"C\"", NeedsCast = true };
    private static readonly ColumnStorage JsonText = new("text") { Compared = value => $"{value}::jsonb", NeedsCast = true };

    private static readonly Dictionary<FieldShape, (string Column, ColumnStorage Storage)[]> Catalogue = new()
    {
        [FieldShape.Text] =
        [
            (ColumnTypes.Text, Text),
            (ColumnTypes.Varchar, Text),
            // The column adds or removes blanks at the end.
            (ColumnTypes.Character, Text with { Compared = value => $"{value}::bpchar::text collate \"C\"" }),
            (ColumnTypes.Citext, Text),
            (ColumnTypes.Enum, Text with { NeedsCast = true }),
            (ColumnTypes.Uuid, new(ColumnTypes.Uuid)),
        ],
        [FieldShape.TextArray] =
        [
            (ColumnTypes.TextArray, TextList with { NeedsCast = false }),
            (ColumnTypes.VarcharArray, TextList),
            (ColumnTypes.CitextArray, TextList),
        ],
        [FieldShape.Integer] =
        [
            (ColumnTypes.Smallint, new(ColumnTypes.Smallint)),
            (ColumnTypes.Integer, new(ColumnTypes.Integer)),
            (ColumnTypes.Bigint, new(ColumnTypes.Bigint)),
            (ColumnTypes.Numeric, new(ColumnTypes.Numeric)),
            (ColumnTypes.Double, new(ColumnTypes.Double)),
            (ColumnTypes.Real, new(ColumnTypes.Real)),
        ],
        [FieldShape.Numeric] =
        [
            (ColumnTypes.Numeric, new(ColumnTypes.Numeric)),
            (ColumnTypes.Double, new(ColumnTypes.Double)),
            (ColumnTypes.Real, new(ColumnTypes.Real)),
        ],
        [FieldShape.Boolean] = [(ColumnTypes.Boolean, new(ColumnTypes.Boolean))],
        [FieldShape.Timestamp] =
        [
            (ColumnTypes.TimestampWithZone, new("timestamptz")),
            // Explicit, so that no statement depends on the time zone of its session.
            (ColumnTypes.Timestamp, new("timestamptz") { Stored = value => $"({value} at time zone 'UTC')", Unzoned = "" }),
            (ColumnTypes.Date, new("timestamptz") { Stored = value => $"({value}::timestamp at time zone 'UTC')", Unzoned = "::date" }),
        ],
        [FieldShape.Json] =
        [
            (ColumnTypes.Jsonb, JsonText),
            (ColumnTypes.Json, JsonText),
        ],
    };

    /// <summary>The expression of a column's value that corresponds to what is staged.</summary>
    public Func<string, string> Stored { get; private init; } = value => value;

    /// <summary>
    /// The expression that both sides are compared by, of a value in the staged type. Texts are compared byte by byte, whether or not the column's collation or
    /// type treats them as equal.
    /// </summary>
    public Func<string, string> Compared { get; private init; } = value => value;

    private bool NeedsCast { get; init; }

    // The suffix after the time in UTC, if the column has no time zone; null if it has one, or holds no time.
    private string? Unzoned { get; init; }

    /// <summary>Returns how the column stores values of the type; null where it cannot.</summary>
    public static ColumnStorage? Of(FieldType type, ColumnInfo column) => Catalogue[type.Shape].FirstOrDefault(pair => pair.Column == column.Type).Storage;

    /// <summary>Returns the column types that store values of the type.</summary>
    public static IReadOnlyList<string> ColumnsFor(FieldType type) => [.. Catalogue[type.Shape].Select(pair => pair.Column)];

    /// <summary>Returns how a column that a sync itself writes stores a moment; null where it cannot. A day is too coarse to be compared.</summary>
    public static ColumnStorage? OfClock(ColumnInfo column) => column.Type == ColumnTypes.Date ? null : Of(FieldType.All["timestamptz"], column);

    /// <summary>The expression that is written to the column, for a staged value.</summary>
    public string Written(string value, ColumnInfo column) =>
        Unzoned is not null ? $"({value} at time zone 'UTC'){Unzoned}"
        : NeedsCast ? $"{value}::{column.FullType}"
        : value;
}
