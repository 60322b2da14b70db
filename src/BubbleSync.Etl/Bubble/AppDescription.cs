using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Etl.Bubble;

/// <summary>What an app says of itself.</summary>
/// <param name="Source">Where it says so; a sample where it says nothing and records must show their fields.</param>
/// <param name="Types">The types that the Data API serves; none where the app does not say.</param>
internal sealed record AppDescription(SchemaSource Source, IReadOnlyList<DescribedType> Types)
{
    /// <summary>The type that a map, or another type's field, names.</summary>
    public DescribedType? Find(string type) => Types.FirstOrDefault(t => t.Answers(type));

    /// <summary>The fields of a type; none where the app does not describe them.</summary>
    public IReadOnlyList<DescribedField> FieldsOf(string type) => Find(type)?.Fields ?? [];
}

/// <summary>A type that the Data API serves.</summary>
/// <param name="Name">Its name in addresses.</param>
/// <param name="Key">The name by which fields of other types refer to it: <c>custom.KEY</c>.</param>
/// <param name="Display">Its name in the editor.</param>
/// <param name="Fields">Its fields; none where the app does not tell them.</param>
internal sealed record DescribedType(string Name, string Key, string Display, IReadOnlyList<DescribedField> Fields)
{
    /// <summary>Whether this type is meant, by whichever of its names.</summary>
    public bool Answers(string type) => new[] { Name, Key, Display }.Any(n => BubbleQuery.TypeName(n) == BubbleQuery.TypeName(type));
}
