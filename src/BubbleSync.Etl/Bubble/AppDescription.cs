using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Etl.Bubble;

/// <summary>The app's description of itself.</summary>
/// <param name="Source">Its source: <c>meta</c>, <c>swagger</c>, or <c>sample</c> if only records show the fields.</param>
/// <param name="Types">The types that the Data API serves; none where the app does not say.</param>
internal sealed record AppDescription(SchemaSource Source, IReadOnlyList<DescribedType> Types)
{
    /// <summary>Why the fields cannot be read from the app's own description; null where nothing was refused.</summary>
    public string? Failure { get; init; }

    /// <summary>The warning of a command that reads records; null where nothing was refused.</summary>
    public string? NamesWarning =>
        Failure is null ? null : $"The app's description could not be read, so that fields are found by their exact names only: {Failure}";

    /// <summary>The warning of a command that looks for fields; null where nothing was refused.</summary>
    public string? FieldsWarning =>
        Failure is null ? null : $"The app's description could not be read, so that a sample of records shows the fields: {Failure}";

    /// <summary>The type that a map, or another type's field, names.</summary>
    public DescribedType? Find(string type) => Types.FirstOrDefault(t => t.Answers(type));

    /// <summary>The fields of a type; none where the app does not describe them.</summary>
    public IReadOnlyList<DescribedField> FieldsOf(string type) => Find(type)?.Fields ?? [];
}

/// <summary>A type that the Data API serves.</summary>
/// <param name="Name">Its name in addresses.</param>
/// <param name="Key">The name by which fields of other types refer to it: <c>custom.KEY</c>.</param>
/// <param name="Display">Its name in the editor.</param>
/// <param name="Fields">Its fields; none where the app does not describe them.</param>
internal sealed record DescribedType(string Name, string Key, string Display, IReadOnlyList<DescribedField> Fields)
{
    /// <summary>Whether this is one of the type's names.</summary>
    public bool Answers(string type) => new[] { Name, Key, Display }.Any(n => BubbleQuery.TypeName(n) == BubbleQuery.TypeName(type));
}
