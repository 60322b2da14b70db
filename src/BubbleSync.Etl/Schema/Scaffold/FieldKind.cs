using BubbleSync.Etl.Mapping.Columns;

namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>The type of a Bubble field, in the words of <c>/meta</c> (<c>number</c>, <c>list.custom.order</c>), and what that becomes here.</summary>
internal static class FieldKind
{
    private const string ListMark = "list.";
    private const string CustomMark = "custom.";

    /// <summary>The type that a map gives a field of this kind. What is unknown becomes text, which takes everything.</summary>
    public static string TypeOf(string kind) => kind switch
    {
        "number" or "dateinterval" => "numeric",
        "boolean" => "boolean",
        "date" => "timestamptz",
        "image" or "file" => "url",
        "list.image" or "list.file" => "url[]",
        "geographic_address" or "date_range" or "number_range" or "object" => "jsonb",
        _ when kind.StartsWith("api.", StringComparison.Ordinal) => "jsonb",
        _ when IsList(kind) => TypeOf(kind[ListMark.Length..]) == "jsonb" ? "jsonb" : "text[]",
        _ => "text",
    };

    /// <summary>The type that the ids of such a field belong to, as fields name it; null where it holds no ids.</summary>
    public static string? TargetOf(string kind) => (IsList(kind) ? kind[ListMark.Length..] : kind) switch
    {
        "user" => "user",
        var item when item.StartsWith(CustomMark, StringComparison.Ordinal) => item[CustomMark.Length..],
        _ => null,
    };

    /// <summary>Whether it holds a list.</summary>
    public static bool IsList(string kind) => kind.StartsWith(ListMark, StringComparison.Ordinal);

    /// <summary>Whether what such a field holds converts to a type, as far as the kind tells: a text may hold anything.</summary>
    public static bool Fits(string kind, FieldType type) => TypeOf(kind) switch
    {
        "text" or "url" => true,
        "text[]" or "url[]" => type.Shape is FieldShape.TextArray or FieldShape.Text or FieldShape.Json,
        "jsonb" => type.Shape is FieldShape.Json or FieldShape.Text,
        "boolean" => type.Shape is FieldShape.Boolean or FieldShape.Text or FieldShape.Json,
        "timestamptz" => type.Shape is FieldShape.Timestamp or FieldShape.Text or FieldShape.Json,
        _ => type.Shape is not FieldShape.TextArray,
    };
}
