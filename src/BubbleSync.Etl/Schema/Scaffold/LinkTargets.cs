using System.Text.Json;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Settings;
using static System.FormattableString;

namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>Asks Bubble whether the ids in a field belong to the type that the app has: some fields hold ids of other types too, or only of those.</summary>
internal sealed class LinkTargets(BubbleClient client, BubbleSettings settings)
{
    private const int MostIds = 20;

    private const int FieldsAtOnce = 16;

    /// <summary>Returns a warning for each relation whose ids, in a page of records, are mostly not of its type.</summary>
    /// <param name="maps">The maps proposed.</param>
    /// <param name="types">The Bubble type of each entity.</param>
    /// <param name="cancellationToken">Stops asking.</param>
    public async Task<IReadOnlyList<string>> FindMismatchesAsync(
        IReadOnlyList<EntityMap> maps, IReadOnlyDictionary<string, string> types, CancellationToken cancellationToken)
    {
        var issues = new List<(string Entity, string Column, string What)>();
        foreach (var map in maps.Where(m => m.Fields.Any(f => f.Relation.Count > 0)))
        {
            var named = await NamedAsync(map, cancellationToken);
            await ParallelWork.RunAsync(named, FieldsAtOnce, async (field, token) =>
            {
                var target = field.Line.Relation[0];
                if (await HeldAsync(types[target], field.Ids, token) is { } held && held * 2 < field.Ids.Count)
                {
                    lock (issues)
                        issues.Add((map.Name, field.Line.Column, Invariant($"of {field.Ids.Count} ids looked at, {held} are of '{target}', ")
                            + "which the app names: where the others are of another entity, put it into the line's relation"));
                }
            }, cancellationToken);
        }

        return [.. issues.OrderBy(d => d.Entity, StringComparer.Ordinal)
            .ThenBy(d => d.Column, StringComparer.Ordinal).Select(d => $"{d.Entity}: column '{d.Column}': {d.What}.")];
    }

    private async Task<List<(FieldMap Line, IReadOnlyList<string> Ids)>> NamedAsync(EntityMap map, CancellationToken cancellationToken)
    {
        using var page = await new EntitySource(client, map.BubbleType, map.BubbleType, 0).PageAsync(null, 0, settings.PageSize, cancellationToken);
        var records = page.Records.EnumerateArray().Where(r => r.ValueKind == JsonValueKind.Object).ToList();
        return [.. map.Fields.Where(f => f.Relation.Count > 0).Select(f => (f, Ids(f, records))).Where(f => f.Item2.Count > 0)];
    }

    private static IReadOnlyList<string> Ids(FieldMap line, IEnumerable<JsonElement> records) =>
    [
        .. records.SelectMany(r => line.From.Select(name => r.TryGetProperty(name, out var value) ? value : default))
            .SelectMany(v => v.ValueKind == JsonValueKind.Array ? [.. v.EnumerateArray()] : new[] { v })
            .Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!).Where(BubbleId.IsValid).Distinct().Take(MostIds),
    ];

    // Null where Bubble does not apply the condition, as for a token that is no admin token: then the answer says nothing.
    private async Task<int?> HeldAsync(string type, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var source = new EntitySource(client, type, type, 0);
        var window = Window.Of(new Choice(BubbleField.Id, false, ids));
        var found = new HashSet<string>();
        for (int cursor = 0, read = 1; read > 0 && cursor < ids.Count; cursor += read)
        {
            using var page = await source.PageAsync(window, cursor, settings.PageSize, cancellationToken);
            found.UnionWith(page.Records.EnumerateArray().Select(
                r => r.ValueKind == JsonValueKind.Object && r.TryGetProperty(BubbleField.Id, out var id) ? id.ToString() : ""));
            if (!found.IsSubsetOf(ids))
                return null;

            read = page.Remaining == 0 ? 0 : page.Count;
        }

        return found.Count;
    }
}
