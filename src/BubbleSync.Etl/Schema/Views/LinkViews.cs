using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Schema.Scaffold;
using static System.FormattableString;

namespace BubbleSync.Etl.Schema.Views;

/// <summary>
/// The views that the links of the maps ask for: one for each entity with what its links name, one for each list of links. They use only columns that a sync
/// writes, so that the application can change its own columns.
/// </summary>
/// <param name="plan">The entities, with the columns that their tables have.</param>
/// <param name="taken">Names of other objects in the schema.</param>
internal sealed class LinkViews(SyncPlan plan, IEnumerable<string> taken)
{
    // PostgreSQL permits 1664 columns (MaxTupleAttributeNumber).
    private const int MostColumns = 1600;

    private readonly FreeNames _names = new(taken);
    private readonly List<EntityPlan> _entities = [.. plan.Entities.Where(e => e.Columns.Any(c => c.Name == e.KeyName))];
    private readonly List<string> _warnings = [];

    /// <summary>What the views leave out.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Returns them; names depend only on the maps and on what is taken.</summary>
    public IReadOnlyList<ViewDefinition> All() =>
    [
        .. _entities.Select(Joined).ToList(),
        .. _entities.SelectMany(e => e.Links.Where(c => c.Type.Shape == FieldShape.TextArray).Select(c => Pairs(e, c))),
    ];

    private ViewDefinition Joined(EntityPlan entity)
    {
        var names = FreeNames.OfColumns([]);
        var columns = entity.Columns.Select(c => c.Name).Concat(Clocks.All.Where(entity.Target.Columns.ContainsKey)).Distinct()
            .Select(c => (names.Take(c, c), Place("t", c))).ToList();
        var from = $"{entity.Table} t";
        foreach (var (link, relation, target) in Joins(entity))
        {
            var own = target.Columns.Where(c => c.Name != target.KeyName && !c.HoldsUnmapped).ToList();
            if (columns.Count + own.Count > MostColumns)
            {
                _warnings.Add(Invariant($"{entity.Name}: the view leaves out what '{link.Name}' names, which would be more than {MostColumns} columns."));
                continue;
            }

            var alias = Invariant($"j{from.Count(c => c == '\n') + 1}");
            var prefix = link.Relations.Count == 1 ? link.Name : $"{link.Name}_{relation.Entity}";
            from += $"\nleft join {relation.Table} {alias} on {alias}.{relation.Key} = {Place("t", link.Name)}";
            columns.AddRange(own.Select(c => (names.Take($"{prefix}_{c.Name}", c.Name), Place(alias, c.Name))));
        }

        return new ViewDefinition(_names.Take($"{entity.Target.Name}_view", ""), $"Entity {entity.Name} with what its links name", columns, from);
    }

    private IEnumerable<(ColumnPlan Link, Relation Relation, EntityPlan Target)> Joins(EntityPlan entity) =>
        from link in entity.Links
        where link.Type.Shape == FieldShape.Text
        from relation in link.Relations
        let target = _entities.FirstOrDefault(e => e.Name == relation.Entity)
        where target is not null
        select (link, relation, target);

    // A list that names a record twice still is one pair.
    private ViewDefinition Pairs(EntityPlan entity, ColumnPlan list)
    {
        var names = FreeNames.OfColumns([]);
        return new ViewDefinition(
            _names.Take($"{entity.Target.Name}_{list.Name}_view", ""), $"Entity {entity.Name}: one row for each id in {list.Name}",
            [
                (names.Take($"{entity.Target.Name}_{entity.KeyName}", ""), Place("t", entity.KeyName)),
                (names.Take(list.Name, ""), "l.id"),
                (names.Take("position", ""), "l.position"),
            ],
            $"""
            {entity.Table} t
            cross join lateral (
              select u.id, min(u.position) as position from unnest({Place("t", list.Name)}::text[]) with ordinality u (id, position)
              where u.id is not null group by u.id
            ) l
            """);
    }

    private static string Place(string alias, string column) => $"{alias}.{Identifier.Quote(column)}";
}
