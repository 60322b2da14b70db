using System.Globalization;
using System.Text.Json;
using BubbleSync.Simulator.Generation;
using BubbleSync.Simulator.Storage;

namespace BubbleSync.Simulator.Searching;

/// <summary>Values in the form in which they compare.</summary>
internal static class Operand
{
    /// <summary>The value by its field's type; null where it does not fit. Numbers may come as text, as Bubble takes them.</summary>
    public static IComparable? From(Field field, JsonElement value) => field.Type switch
    {
        "number" => double.TryParse(Text(value), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null,
        "date" => Moment(value),
        "boolean" => YesNo(value),
        _ => value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined ? null : Text(value),
    };

    private static long? Moment(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number)
            return value.TryGetInt64(out var number) ? number : null;

        return StoredRecord.TryMoment(Text(value), out var milliseconds) ? milliseconds : null;
    }

    private static bool? YesNo(JsonElement value) => Text(value) switch
    {
        "True" or "true" or "yes" => true,
        "False" or "false" or "no" => false,
        _ => null,
    };

    public static string Text(JsonElement value)
    {
        try
        {
            return value.ToString();
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate is no text; its escaped form is.
            return value.GetRawText();
        }
    }
}
