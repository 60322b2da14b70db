using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Mapping;

namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>Proposes the line of a map for a field as found.</summary>
/// <param name="app">Tells which type a field's ids belong to.</param>
/// <param name="entities">The entity of each Bubble type that has one.</param>
/// <param name="names">Names the columns.</param>
internal sealed class FieldProposer(AppDescription app, IReadOnlyDictionary<string, string> entities, FreeNames names)
{
    /// <summary>Builds a line.</summary>
    public FieldMap Propose(SurveyedField field) => new()
    {
        Column = names.Take(FieldName.Normalise(field.Name), "field"),
        Type = FieldKind.TypeOf(field.Type),
        From = field.Names,
        Relation = EntityOf(field) is { } entity ? [entity] : [],
    };

    private string? EntityOf(SurveyedField field)
    {
        if (FieldKind.TargetOf(field.Type) is not { } target)
            return null;

        var type = app.Find(target)?.Name ?? target;
        return entities.GetValueOrDefault(BubbleQuery.TypeName(type));
    }
}
