using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Mapping.Columns;

/// <summary>One column that is written: its sources, its conversion, and the rules of the database.</summary>
internal sealed record ColumnPlan
{
    /// <summary>Most digits of a second's fraction: microseconds.</summary>
    public const int MostSecondDigits = 6;

    /// <summary>What reports call the field of the column that holds the unmapped fields.</summary>
    public const string UnmappedField = "(unmapped)";

    /// <summary>Its position in the row, from 0.</summary>
    public required int Ordinal { get; init; }

    /// <summary>The target column.</summary>
    public required string Name { get; init; }

    /// <summary>What the value becomes.</summary>
    public required FieldType Type { get; init; }

    /// <summary>
    /// The Bubble fields it is read from, in order; the first has the field's name in reports. None for the column of unmapped fields.
    /// </summary>
    public required IReadOnlyList<SourceField> Sources { get; init; }

    /// <summary>All Bubble names that it is read from; none for the column of unmapped fields.</summary>
    public IEnumerable<string> SourceNames => Sources.SelectMany(s => s.OtherNames.Prepend(s.Name));

    /// <summary>Those of them that are not the map's: a field whose name differs only in case, spaces and signs.</summary>
    public IReadOnlyList<string> AddedNames { get; init; } = [];

    /// <summary>Property names to walk into a nested object; mostly none.</summary>
    public required IReadOnlyList<string> Path { get; init; }

    /// <summary>Whether an absent field writes NULL.</summary>
    public required bool AbsentClears { get; init; }

    /// <summary>
    /// The column as the map has it, where rows may hold values that its line does not give and this run writes all of them: then an absent field clears it.
    /// </summary>
    public ColumnPlan? AsMapped { get; init; }

    /// <summary>The entities whose ids it holds; mostly none.</summary>
    public required IReadOnlyList<Relation> Relations { get; init; }

    /// <summary>The names to search by: those of the fields that the app has, or all names where it does not describe the type.</summary>
    public IReadOnlyList<string> SearchNames { get; init; } = [];

    /// <summary>Whether a patch completes it beyond what Bubble sends, so that more in it is no difference.</summary>
    public bool IsCompleted { get; init; }

    /// <summary>Whether a sync that reaches a record through a relation also follows this one.</summary>
    public bool Follow { get; init; }

    /// <summary>The column as the database has it.</summary>
    public required ColumnInfo Target { get; init; }

    /// <summary>How the column stores values of the type.</summary>
    public required ColumnStorage Storage { get; init; }

    /// <summary>Its foreign keys in the database; usually none.</summary>
    public IReadOnlyList<ForeignKeyInfo> ForeignKeys { get; init; } = [];

    /// <summary>Whether it can hold no NULL: because the table says so, or because it is the key.</summary>
    public required bool IsRequired { get; init; }

    /// <summary>Whether a link without a target is stored as NULL until the target exists.</summary>
    public bool HoldsLinks => ForeignKeys.Count > 0 && !IsRequired;

    /// <summary>The type it is staged in.</summary>
    public string StagingType => Storage.Staged;

    /// <summary>The expression that is written to the column, for a value in its staged type.</summary>
    public string Written(string value) => Storage.Written(value, Target);

    /// <summary>The digits of a second's fraction that the column holds.</summary>
    public int SecondDigits => Target.Precision ?? MostSecondDigits;

    /// <summary>Whether it holds, as one JSON object, the fields of a record that no line reads.</summary>
    public bool HoldsUnmapped => Sources.Count == 0;

    /// <summary>The Bubble name that reports use.</summary>
    public string Field => HoldsUnmapped ? UnmappedField : Sources[0].Name;

    /// <summary>How its value is masked before it is staged; null where it is not.</summary>
    public FieldMask? Mask { get; init; }

    /// <summary>What reports show in place of a stored value that is not masked yet.</summary>
    public const string Masked = "(masked)";

    /// <summary>What a rejected record that is kept calls the masked value: several columns may mask one field in several ways.</summary>
    public string MaskForm => $"{Mask?.Kind}{(Type.Shape == FieldShape.TextArray ? "[]" : "")}".ToLowerInvariant();

    /// <summary>Of the column of unmapped fields: the fields that are never in it, because a line reads them or the map ignores them.</summary>
    public IReadOnlyList<string> NeverKept { get; init; } = [];

    /// <summary>The quoted column.</summary>
    public string Quoted => Identifier.Quote(Name);

    /// <summary>
    /// Returns the fields that are never in the column of unmapped fields because these columns have them. The other names of a line have fields that are kept
    /// if the line takes another one. A masked field is not among them: where the column has one from before the mask, that is a difference.
    /// </summary>
    public static IEnumerable<string> NeverKeptBy(IEnumerable<ColumnPlan> columns) =>
        columns.Where(c => c is { Path.Count: 0, HoldsUnmapped: false, Mask: null }).Select(c => c.Sources[0].Name);
}

/// <summary>A Bubble field: its name and the other names that it may have.</summary>
internal sealed record SourceField(string Name, IReadOnlyList<string> OtherNames)
{
    /// <summary>The Bubble fields that a line of a map reads, in order.</summary>
    public static IReadOnlyList<SourceField> Of(FieldMap field) =>
        field.HoldsUnmapped ? [] : [new(field.From[0], [.. field.From.Skip(1)]), .. field.Fallback.Select(name => new SourceField(name, []))];
}

/// <summary>An entity that a column's ids belong to.</summary>
internal sealed record Relation(string Entity, string Table, string Key);
