namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>A link of one entity to another.</summary>
/// <param name="Entity">The entity that has it.</param>
/// <param name="Column">The column that holds it.</param>
/// <param name="Target">The entity it leads to.</param>
/// <param name="IsList">Whether it is one of a list.</param>
internal sealed record EntityLink(string Entity, string Column, string Target, bool IsList);

/// <summary>Orders entities so that each has a higher level than those it links to.</summary>
internal static class MergeLevels
{
    // As in the schema of the maps.
    private const int Highest = 100;

    /// <summary>Returns the levels of new entities, and the links that are ignored because they form a cycle.</summary>
    /// <param name="entities">The new entities.</param>
    /// <param name="links">Their links. A single one counts more than a list: a child names its parent, a parent lists its children.</param>
    /// <param name="known">The levels of entities that have one already.</param>
    public static (IReadOnlyDictionary<string, int> Levels, IReadOnlyList<EntityLink> Circles) Of(
        IReadOnlyList<string> entities, IEnumerable<EntityLink> links, IReadOnlyDictionary<string, int> known)
    {
        var followed = entities.ToDictionary(e => e, _ => new HashSet<string>());
        var circles = new List<EntityLink>();
        foreach (var link in links.Where(l => l.Target != l.Entity)
            .OrderBy(l => l.IsList).ThenBy(l => l.Entity, StringComparer.Ordinal).ThenBy(l => l.Column, StringComparer.Ordinal))
        {
            if (Reaches(link.Target, link.Entity, followed))
                circles.Add(link);
            else
                followed[link.Entity].Add(link.Target);
        }

        var levels = new Dictionary<string, int>(known);
        return (entities.ToDictionary(e => e, e => LevelOf(e, followed, levels)), circles);
    }

    private static bool Reaches(string from, string to, Dictionary<string, HashSet<string>> followed)
    {
        var (seen, open) = (new HashSet<string> { from }, new Stack<string>([from]));
        while (open.TryPop(out var at))
        {
            if (at == to)
                return true;
            foreach (var next in followed.GetValueOrDefault(at, []).Where(seen.Add))
                open.Push(next);
        }

        return false;
    }

    private static int LevelOf(string entity, Dictionary<string, HashSet<string>> followed, Dictionary<string, int> levels)
    {
        if (levels.TryGetValue(entity, out var level))
            return level;

        var above = followed.GetValueOrDefault(entity, []).Select(target => LevelOf(target, followed, levels) + 1).DefaultIfEmpty(0).Max();
        return levels[entity] = Math.Min(above, Highest);
    }
}
