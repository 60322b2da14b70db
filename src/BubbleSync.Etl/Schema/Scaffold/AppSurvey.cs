using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>Finds the fields of a type: from the app's description and from two pages of records.</summary>
internal sealed class AppSurvey(BubbleClient client, BubbleSettings settings)
{
    private static readonly DescribedField[] EveryType =
    [
        new(BubbleField.Id, BubbleField.Id, "text"),
        new(BubbleField.Created, BubbleField.Created, "date"),
        new(BubbleField.Modified, BubbleField.Modified, "date"),
        new(BubbleField.CreatedBy, BubbleField.CreatedBy, "user"),
    ];

    /// <summary>Returns the app's description.</summary>
    public Task<AppDescription> DescribeAsync(CancellationToken cancellationToken) => new AppDescriptionReader(client).ReadAsync(cancellationToken);

    /// <summary>Returns a type as found.</summary>
    /// <exception cref="SyncException">The type cannot be read.</exception>
    public async Task<SurveyedType> SurveyAsync(DescribedType type, CancellationToken cancellationToken)
    {
        var sample = await RecordSample.ReadAsync(new EntitySource(client, type.Name, type.Name, 0), settings, cancellationToken);
        // Bubble's own fields first: another field of the same name must not take their column.
        var own = EveryType.Select(known => (Known: known, Told: type.Fields.FirstOrDefault(f => f.Names.Contains(known.Name)))).ToList();
        var described = own.Select(o => o.Told is { } told ? told with { Type = o.Known.Type } : o.Known)
            .Concat(type.Fields.Except(own.Select(o => o.Told).OfType<DescribedField>()))
            .ToList();
        var names = described.SelectMany(f => f.Names).ToHashSet();
        // A map cannot name a field without a name.
        var shown = sample.Where(s => !names.Contains(s.Key) && !string.IsNullOrWhiteSpace(s.Key)).Select(s => new DescribedField(s.Key, s.Key, s.Value));
        var fields = described.Concat(shown).Select(f => Surveyed(f, sample)).ToList();
        return new SurveyedType(type.Name, type.Display, fields, type.Fields.Count > 0)
        {
            SharedNames = [.. SharedNames(type, fields)],
            HasNameless = sample.Keys.Any(string.IsNullOrWhiteSpace),
        };
    }

    // Records that carry one of the fields under its id distinguish them.
    private static IEnumerable<SharedName> SharedNames(DescribedType type, IReadOnlyList<SurveyedField> fields) =>
        from name in type.Fields.Where(f => f.IsNameShared).Select(f => f.Name).Distinct()
        let ids = type.Fields.Where(f => f.Name == name || f.Id == name).Select(f => f.Id).ToList()
        where !fields.Any(f => f.Sent.Any(sent => sent != name && ids.Contains(sent)))
        select new SharedName(name, ids);

    // A list or object in records counts, whatever type the app names: Swagger calls many types text.
    private static SurveyedField Surveyed(DescribedField field, IReadOnlyDictionary<string, string> sample)
    {
        var sent = field.Names.Where(sample.ContainsKey).ToList();
        var isNested = sent.Count > 0 && (FieldKind.IsList(sample[sent[0]]) || sample[sent[0]] == "object");
        return new SurveyedField(field.Names, isNested && FieldKind.TypeOf(field.Type) == "text" ? sample[sent[0]] : field.Type, sent);
    }
}
