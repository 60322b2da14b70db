using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Etl.Mapping;

/// <summary>The content of one file in the entities folder: a Bubble type, its table, its fields.</summary>
internal sealed record EntityMap
{
    /// <summary>The file it was read from, for messages.</summary>
    public required string File { get; init; }

    /// <summary>The name that commands and reports use.</summary>
    public required string Name { get; init; }

    /// <summary>The type's name in the Data API.</summary>
    public required string BubbleType { get; init; }

    /// <summary>The target table, in the schema of the settings.</summary>
    public required string Table { get; init; }

    /// <summary>The column that holds Bubble's <c>_id</c>.</summary>
    public required string Key { get; init; }

    /// <summary>Merges go level by level. Default 0.</summary>
    public int Level { get; init; }

    /// <summary>Whether an absent field empties its column. Default false: it is left unchanged.</summary>
    public bool AbsentClears { get; init; }

    /// <summary>The coverage that was published of this entity, for audits to show beside their own. Default none.</summary>
    public PublishedCoverage? Published { get; init; }

    /// <summary>The column that holds, as one JSON object, the fields of a record that no line reads. Default none: these are only reported.</summary>
    public string? Unmapped { get; init; }

    /// <summary>Names of Bubble fields that are neither kept nor reported. Default none.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>The fields in file order.</summary>
    public required IReadOnlyList<FieldMap> Fields { get; init; }

    /// <summary>Whether the map only keeps fields unmapped, beside those that every record has: then it is no fault that no line finds its field.</summary>
    public bool KeepsOnlyUnmapped => Unmapped is not null && Fields.All(f => f.Names.Any(BubbleField.All.Contains));

    /// <summary>All columns that a sync writes: those of the fields, then that of the unmapped fields.</summary>
    public IReadOnlyList<FieldMap> Columns => Unmapped is { } column ? [.. Fields, FieldMap.OfUnmapped(column)] : Fields;
}

/// <summary>One target column and the Bubble names it is read from.</summary>
internal sealed record FieldMap
{
    /// <summary>The target column.</summary>
    public required string Column { get; init; }

    /// <summary>The name of a conversion, such as <c>text</c> or <c>numeric</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The Bubble name, then its other names in order; none for the column of unmapped fields.</summary>
    public required IReadOnlyList<string> From { get; init; }

    /// <summary>The names that were added because the app has none of the map's own.</summary>
    public IReadOnlyList<string> Added { get; init; } = [];

    /// <summary>Of all its names, one for each field that the app describes; null where the app does not describe the type.</summary>
    public IReadOnlyList<string>? Described { get; init; }

    /// <summary>Further Bubble fields, read where the first is absent, null or blank. Default none.</summary>
    public IReadOnlyList<string> Fallback { get; init; } = [];

    /// <summary>Property names to walk into a nested object. Default none.</summary>
    public IReadOnlyList<string> Path { get; init; } = [];

    /// <summary>Names of the entities whose ids the column holds. Default none.</summary>
    public IReadOnlyList<string> Relation { get; init; } = [];

    /// <summary>Whether a sync that reaches a record through a relation also follows this one. Default false.</summary>
    public bool Follow { get; init; }

    /// <summary>Overrides <see cref="EntityMap.AbsentClears"/> for this field.</summary>
    public bool? AbsentClears { get; init; }

    /// <summary>How the value is masked before it is staged. Default: not at all.</summary>
    public MaskKind? Mask { get; init; }

    /// <summary>What to know about the field, for the column's comment. Default none.</summary>
    public string? Note { get; init; }

    /// <summary>Whether the column holds the fields that no line reads.</summary>
    public bool HoldsUnmapped => From.Count == 0;

    /// <summary>All Bubble names that the line reads.</summary>
    public IEnumerable<string> Names => From.Concat(Fallback);

    /// <summary>Returns the line of the column of unmapped fields. The column is written with every record, so that no field is ever absent from it.</summary>
    public static FieldMap OfUnmapped(string column) => new() { Column = column, Type = "jsonb", From = [], AbsentClears = false };
}
