using System.Text.Json;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Transform.FieldTypes;

namespace BubbleSync.Etl.Transform;

/// <content>The fields that go into the column of unmapped fields.</content>
internal sealed partial class RecordScope
{
    // An object where there are such fields, else a null: what Bubble sends is known in full, so the column is never absent.
    private JsonElement ChooseUnmapped(out JsonValueKind kind)
    {
        for (var last = Row.Unmapped.Count - 1; last >= 0; last--)
        {
            var (name, field) = Row.Unmapped[last];
            if (name.Unmapped == UnmappedRule.IfLost && !IsLost(name, field.Value))
                Row.Unmapped.RemoveAt(last);
        }

        kind = Row.Unmapped.Count > 0 ? JsonValueKind.Object : JsonValueKind.Null;
        return default;
    }

    // Of the names of a line one wins; the value of another one must not be lost.
    private bool IsLost(KnownName name, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
            return false;

        foreach (var slot in name.Slots)
        {
            if (index.ReaderOf(slot) is not { } column)
                continue;

            Choose(column, out _, out _);
            if (_chosen == slot || (value.ValueKind == JsonValueKind.String && TextConversion.IsNothing(value, column.Type)))
                return false;
        }

        return true;
    }
}
