namespace BubbleSync.Etl.Schema.Scaffold;

/// <summary>Finds, for each entity, the link to the record that its records belong to, so that a sync of that record reads them too.</summary>
internal static class ParentLinks
{
    /// <summary>Returns the column of each entity that has such a link.</summary>
    /// <param name="links">
    /// The links, without those to the creator of a record: everything that a user ever created does not belong to the user.
    /// </param>
    /// <param name="levels">The levels of all entities. A parent has a lower one than its children.</param>
    public static IReadOnlyDictionary<string, string> Of(IReadOnlyList<EntityLink> links, IReadOnlyDictionary<string, int> levels) => links
        .Where(l => !l.IsList && l.Target != l.Entity && levels[l.Target] < levels[l.Entity])
        .GroupBy(l => l.Entity)
        // One parent only: with all links, a sync of a customer would read whatever names the customer. A parent that lists its children is the surest sign;
        // without one, the entity of the highest level is the nearest.
        .ToDictionary(e => e.Key, e => e.MaxBy(l => (links.Any(b => b.IsList && b.Entity == l.Target && b.Target == l.Entity), levels[l.Target]))!.Column);
}
