using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;

namespace BubbleSync.Etl.Schema.Comments;

/// <summary>What tables and columns are in Bubble, in words, as their map says it.</summary>
internal static class CommentText
{
    private static readonly Dictionary<string, string> OwnColumns = new()
    {
        [Clocks.CreatedAt] = "When the record was created in Bubble",
        [Clocks.UpdatedAt] = "When anyone last changed the row or its record",
        [Clocks.SyncedAt] = "When a sync last wrote the row",
        [DeletionMark.Name] = "When a sync found that Bubble no longer has the record; NULL if it has",
    };

    /// <summary>Describes a table.</summary>
    public static string Of(EntityMap map) => $"Bubble type '{map.BubbleType}': one row for each record";

    /// <summary>Describes the columns of a table that a sync writes, by name.</summary>
    public static IReadOnlyDictionary<string, string> OfColumns(EntityMap map)
    {
        var words = map.Columns.ToDictionary(f => f.Column, Of);
        foreach (var (column, text) in OwnColumns)
            words.TryAdd(column, text);
        return words;
    }

    private static string Of(FieldMap field)
    {
        if (field.HoldsUnmapped)
            return "Bubble fields that no line of the map reads, as one object";

        string[] parts =
        [
            $"Bubble field '{field.From[0]}'",
            field.Path.Count > 0 ? $", its {string.Join('.', field.Path)}" : "",
            string.Concat(field.Fallback.Select(name => $", else '{name}'")),
            field.Relation.Count > 0 ? $"; names {string.Join(" or ", field.Relation)}" : "",
            field.Mask switch
            {
                MaskKind.Hash => "; masked: a hash of the value",
                MaskKind.Last4 => "; masked: the last four characters",
                MaskKind.Drop => "; masked: never stored",
                _ => "",
            },
            field.Note is { } note ? $". {note}" : "",
        ];
        return string.Concat(parts);
    }
}
