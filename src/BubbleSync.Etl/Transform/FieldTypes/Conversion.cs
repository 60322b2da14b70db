using System.Text.Json;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres.Columns;

namespace BubbleSync.Etl.Transform.FieldTypes;

/// <summary>
/// Writes one value, neither null nor blank, as one field of the row; or returns why it does not convert, without quoting it, and then what it wrote is
/// discarded.
/// </summary>
internal delegate string? Conversion(JsonElement value, ColumnPlan column, RowWriter row);

/// <summary>
/// The conversions by shape, and those for columns that hold less. A new type of field is one function and one line here, one line in <see cref="FieldType"/>,
/// and the columns that store it in <see cref="ColumnStorage"/>.
/// </summary>
internal static class Conversions
{
    private static readonly Dictionary<FieldShape, Conversion> ByShape = new()
    {
        [FieldShape.Text] = TextConversion.Text,
        [FieldShape.TextArray] = TextConversion.List,
        [FieldShape.Integer] = NumberConversion.Integer,
        [FieldShape.Numeric] = NumberConversion.Numeric,
        [FieldShape.Boolean] = BooleanConversion.Boolean,
        [FieldShape.Timestamp] = TimestampConversion.Timestamp,
        [FieldShape.Json] = JsonConversion.Json,
    };

    /// <summary>The conversion for a column: that of its type, unless the column holds less than the type has.</summary>
    public static Conversion Of(ColumnPlan column) => (column.Type.Shape, column.Target.Type) switch
    {
        _ when column.HoldsUnmapped => JsonConversion.Unmapped,
        (FieldShape.Text, ColumnTypes.Enum) => new EnumConversion(column.Target.Labels ?? []).Label,
        (FieldShape.Text, ColumnTypes.Uuid) => TextConversion.Uuid,
        (FieldShape.Timestamp, ColumnTypes.Date) => TimestampConversion.Date,
        (FieldShape.Timestamp, _) when column.SecondDigits < ColumnPlan.MostSecondDigits =>
            Clocks.All.Contains(column.Name) ? TimestampConversion.Clock : TimestampConversion.Coarse,
        _ => ByShape[column.Type.Shape],
    };
}

/// <summary>The target of conversions: the rows of a page, and notes about the current value.</summary>
internal sealed class RowWriter(CopyBuffer rows) : IDisposable
{
    /// <summary>The rows so far.</summary>
    public CopyBuffer Rows => rows;

    /// <summary>Room for a text without its escapes, emptied for every value.</summary>
    public CopyBuffer Scratch { get; } = new(1024);

    /// <summary>What was changed in the value, or is unusual about it.</summary>
    public TextNotes Notes { get; set; }

    /// <summary>The record's fields that no line reads; empty where the entity keeps none.</summary>
    public UnmappedFields Unmapped { get; } = new();

    /// <summary>Prepares for the next value.</summary>
    public void Next()
    {
        Scratch.Rewind(0);
        Notes = TextNotes.None;
    }

    /// <inheritdoc/>
    public void Dispose() => Scratch.Dispose();
}
