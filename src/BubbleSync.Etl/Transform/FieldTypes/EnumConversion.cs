using System.Text;
using System.Text.Json;
using BubbleSync.Etl.Mapping.Columns;

namespace BubbleSync.Etl.Transform.FieldTypes;

/// <summary>A text for a column of an enum: only one of its labels, letter for letter.</summary>
internal sealed class EnumConversion(IReadOnlyList<string> labels)
{
    private readonly byte[][] _labels = [.. labels.Select(Encoding.UTF8.GetBytes)];

    /// <summary>Writes the label.</summary>
    public string? Label(JsonElement value, ColumnPlan column, RowWriter row)
    {
        var place = row.Rows.Length;
        TextConversion.Text(value, column, row);
        var text = row.Rows.Written.Span[(place + sizeof(int))..];
        foreach (var label in _labels)
        {
            if (text.SequenceEqual(label))
                return null;
        }

        return $"{TextConversion.Kind(value)} is none of the labels of {column.Target.BaseType}";
    }
}
