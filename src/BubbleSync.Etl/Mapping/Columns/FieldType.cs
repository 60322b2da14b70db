namespace BubbleSync.Etl.Mapping.Columns;

/// <summary>The type of a field: what its values are converted to. The catalogue of types that maps may name.</summary>
/// <param name="Name">As maps say it.</param>
/// <param name="Shape">How the value is written.</param>
/// <param name="Column">The type of a column that is made for it.</param>
internal sealed record FieldType(string Name, FieldShape Shape, string Column)
{
    /// <summary>Whether addresses are completed: a leading <c>//</c> gets <c>https:</c>.</summary>
    public bool IsUrl { get; private init; }

    /// <summary>Whether a blank text is a value of its own rather than nothing.</summary>
    public bool KeepsBlank => Shape == FieldShape.Text && !IsUrl;

    private static readonly FieldType Text = new("text", FieldShape.Text, "text");
    private static readonly FieldType TextArray = new("text[]", FieldShape.TextArray, "text[]");

    /// <summary>All types by name.</summary>
    public static IReadOnlyDictionary<string, FieldType> All { get; } = new FieldType[]
    {
        Text,
        TextArray,
        Text with { Name = "url", IsUrl = true },
        TextArray with { Name = "url[]", IsUrl = true },
        new("integer", FieldShape.Integer, "integer"),
        new("numeric", FieldShape.Numeric, "numeric"),
        new("boolean", FieldShape.Boolean, "boolean"),
        new("timestamptz", FieldShape.Timestamp, "timestamptz"),
        new("jsonb", FieldShape.Json, "jsonb"),
    }.ToDictionary(t => t.Name);
}

/// <summary>The families of conversions; each has one function in Transform.</summary>
internal enum FieldShape
{
    /// <summary>A text.</summary>
    Text,

    /// <summary>A list of texts.</summary>
    TextArray,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A decimal number, exact.</summary>
    Numeric,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A moment.</summary>
    Timestamp,

    /// <summary>JSON as it is.</summary>
    Json,
}
