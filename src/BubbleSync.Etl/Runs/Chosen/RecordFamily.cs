using BubbleSync.Etl.Mapping;

namespace BubbleSync.Etl.Runs.Chosen;

/// <summary>The entities whose records belong to a record, as the maps say.</summary>
internal static class RecordFamily
{
    /// <summary>The entity of <c>sync invoice</c>.</summary>
    public const string Invoice = "invoice";

    /// <summary>
    /// Whether every record that names one of these records belongs to it, also where its map does not say <c>follow</c>. This is so for invoices, because
    /// maps that are older than the generic command do not say it.
    /// </summary>
    public static bool TakesAll(string entity) => entity == Invoice;

    /// <summary>
    /// Returns the names of the entities that a sync of single records reads: the entity, those that it names, those that these name in a field that is
    /// followed, and those whose records belong to it.
    /// </summary>
    /// <param name="maps">The maps of all entities.</param>
    /// <param name="entity">The entity whose records are chosen.</param>
    /// <param name="skipped">Entities that are left out.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<EntityMap> maps, string entity, IReadOnlyCollection<string> skipped)
    {
        var root = maps.First(m => m.Name == entity);
        var named = maps.Where(m => !skipped.Contains(m.Name) && root.Fields.Any(f => f.Relation.Contains(m.Name))).ToList();
        var followed = named.SelectMany(m => m.Fields).Where(f => f.Follow).SelectMany(f => f.Relation);
        var family = named.Select(m => m.Name).Concat(followed).Append(entity).ToHashSet();
        return [.. maps.Where(m => family.Contains(m.Name) || m.Fields.Any(f => Belongs(m, f, root))).Select(m => m.Name).Except(skipped)];
    }

    private static bool Belongs(EntityMap map, FieldMap field, EntityMap root) =>
        field.Relation.Contains(root.Name) && (field.Follow || (TakesAll(root.Name) && map.Level > root.Level));
}
