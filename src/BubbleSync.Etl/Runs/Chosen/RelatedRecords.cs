using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Staging;
using static System.FormattableString;

namespace BubbleSync.Etl.Runs.Chosen;

/// <summary>
/// Reads the records related to staged roots, each once, many per call: link targets, records that belong to roots, and relations that maps follow.
/// The relations come from the maps alone.
/// </summary>
internal sealed class RelatedRecords(EntityRun root, IReadOnlyList<EntityRun> others, ChosenRecords records, StagedLinks links, RunFindings findings)
{
    // A list search takes one id a call; with more roots than this, these calls would be too many.
    private const int AskedOneByOne = 8;

    // Relations that follow each other in a circle could lead through the whole app.
    private const int MostFurtherRounds = 10;

    private bool _hasCircle;

    /// <summary>Returns queries of (root, id) for the records of an entity that are related to roots.</summary>
    public IReadOnlyList<string> Links(EntityRun entity)
    {
        var queries = Named(entity).Where(l => l.From == root.Staging).Select(l => l.Sql).ToList();
        queries.AddRange(Named(entity).Where(l => l.From != root.Staging).SelectMany(Followed));
        var naming = Naming(entity);
        queries.AddRange(naming.Select(c => new StagedLink(entity.Staging, c).Backwards(root.Staging)));
        if (naming.Count > 0)
            queries.Add(StagedLink.OfRejects(entity.Staging, root.Staging));
        return queries;
    }

    /// <summary>Entities whose ids share one column: a record is missing only if none of them has it.</summary>
    public IReadOnlyList<EntityRun> Alternatives(EntityRun entity) => others
        .Where(o => o != entity && root.Plan.Columns.Any(c => Names(c, entity) && Names(c, o)))
        .ToList();

    /// <summary>
    /// Reads the related records in rounds: those that name the roots, those that these and the roots name, and those not found in the first entity searched.
    /// </summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var roots = await links.KeysAsync(root.Staging, cancellationToken);
        if (roots.Count == 0)
            return;

        foreach (var column in root.Plan.Columns.Where(c => Names(c, root)))
            Warn($"{root.Plan.Name}: '{column.Field}' names records of the same entity, which are not read with it. Sync them by their ids.");
        await AllAsync(others, (entity, token) => BeginAsync(entity, roots, token), cancellationToken);
        foreach (var round in Rounds([.. others.Where(e => IsFirstChoice(e) && !IsKnownAtOnce(e))]))
            await AllAsync(round, ByIdAsync, cancellationToken);
        await AllAsync([.. others.Where(e => !IsFirstChoice(e))], ByIdAsync, cancellationToken);
        if (_hasCircle || others.Any(e => !IsFirstChoice(e) && others.Any(o => o != e && FollowedFrom(e, o).Any())))
            await FurtherAsync(cancellationToken);
        if (roots.Count > AskedOneByOne)
            await AllAsync(others, (entity, token) => BareAsync(entity, roots.Count, token), cancellationToken);
    }

    private static Task AllAsync(IReadOnlyList<EntityRun> entities, Func<EntityRun, CancellationToken, Task> work, CancellationToken cancellationToken) =>
        ParallelWork.RunAsync(entities, Math.Max(1, entities.Count), work, cancellationToken);

    // An entity comes after those whose records name it; if they name each other, all that are left come at once.
    private IEnumerable<IReadOnlyList<EntityRun>> Rounds(List<EntityRun> open)
    {
        while (open.Count > 0)
        {
            List<EntityRun> next = [.. open.Where(e => !open.Any(o => o != e && FollowedFrom(o, e).Any()))];
            if (next.Count == 0)
            {
                next = [.. open];
                _hasCircle = true;
            }

            open.RemoveAll(next.Contains);
            yield return next;
        }
    }

    // Entities that follow each other, or come from a second choice, name further records. Each id is requested once.
    private async Task FurtherAsync(CancellationToken cancellationToken)
    {
        var asked = others.ToDictionary(e => e, _ => new HashSet<string>());
        for (var (round, hasFurther) = (0, true); hasFurther; round++)
        {
            if (round == MostFurtherRounds)
            {
                Warn(Invariant($"Relations that maps follow lead in a circle; records more than {MostFurtherRounds} steps away were not read."));
                return;
            }

            hasFurther = false;
            foreach (var entity in others)
            {
                var among = Alternatives(entity).Append(entity).Select(e => e.Staging).ToList();
                List<string> ids = [.. (await links.UnreadAsync(Named(entity), among, cancellationToken)).Where(asked[entity].Add)];
                if (ids.Count == 0)
                    continue;

                await records.ByIdAsync(entity, ids, cancellationToken);
                hasFurther = true;
            }
        }
    }

    private async Task BeginAsync(EntityRun entity, List<string> roots, CancellationToken cancellationToken)
    {
        foreach (var naming in Naming(entity))
        {
            await (!IsList(naming) ? ByLinkAsync(entity, naming, roots, cancellationToken)
                : roots.Count <= AskedOneByOne ? ByListAsync(entity, naming, roots, cancellationToken)
                : ByRelativeAsync(entity, cancellationToken));
        }

        if (IsKnownAtOnce(entity) && IsFirstChoice(entity))
            await ByIdAsync(entity, cancellationToken);
    }

    private async Task ByIdAsync(EntityRun entity, CancellationToken cancellationToken)
    {
        var among = Alternatives(entity).Append(entity).Select(e => e.Staging).ToList();
        var named = await links.UnreadAsync(Named(entity), among, cancellationToken);
        // Records stored with a link to a root are read too: they may have changed.
        foreach (var naming in Naming(entity).Where(IsList))
            named = [.. named.Union(await links.KnownAsync(entity.Staging, naming, root.Staging, cancellationToken))];
        await records.ByIdAsync(entity, named, cancellationToken);
    }

    // If there are too many roots to search a list for each, only those without a result are searched, and only if they are few.
    private async Task BareAsync(EntityRun entity, int roots, CancellationToken cancellationToken)
    {
        foreach (var naming in Naming(entity).Where(IsList))
            await BareAsync(entity, naming, roots, cancellationToken);
    }

    private async Task BareAsync(EntityRun entity, ColumnPlan naming, int roots, CancellationToken cancellationToken)
    {
        var bare = await links.BareAsync(root.Staging, Named(entity), new StagedLink(entity.Staging, naming), cancellationToken);
        if (bare.Count <= AskedOneByOne)
            await ByListAsync(entity, naming, bare, cancellationToken);
        entity.Report = entity.Report with { MayLackRecords = true };
        Warn(
            Invariant($"{entity.Plan.Name}: '{naming.Field}' is a list, which Bubble searches for one id a call, ")
                + Invariant($"so it was not searched for each of {roots} records of ")
            + $"{root.Plan.Name}. Records that only this list links to them may be missing; a resync of {entity.Plan.Name} loads all.");
    }

    // Both are related to a third record: an invoice's customer, a registration's customer.
    // Of several such relations, the one with the most different ids is used.
    private async Task ByRelativeAsync(EntityRun entity, CancellationToken cancellationToken)
    {
        (ColumnPlan? Theirs, List<string> Ids) best = (null, []);
        foreach (var own in root.Plan.Columns.Where(c => c.Relations is [var _]))
        {
            var theirs = entity.Plan.Columns.FirstOrDefault(
                c => c is { Relations: [var r], Type.Shape: FieldShape.Text } && r.Entity == own.Relations[0].Entity);
            if (theirs is not null
                && await links.UnreadAsync([new StagedLink(root.Staging, own)], [], cancellationToken) is var ids && ids.Count > best.Ids.Count)
                best = (theirs, ids);
        }

        if (best.Theirs is not null)
            await ByLinkAsync(entity, best.Theirs, best.Ids, cancellationToken);
    }

    private async Task ByLinkAsync(EntityRun entity, ColumnPlan column, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        if (!await records.ByLinkAsync(entity, column, ids, cancellationToken))
            WarnRefused(entity, column);
    }

    private async Task ByListAsync(EntityRun entity, ColumnPlan column, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        if (!await records.ByListAsync(entity, column, ids, cancellationToken))
            WarnRefused(entity, column);
    }

    private void WarnRefused(EntityRun entity, ColumnPlan column) =>
        Warn($"{entity.Plan.Name}: Bubble refuses to search by '{column.Field}'; records that nothing else leads to are not found.");

    // Entities are read in parallel.
    private void Warn(string what)
    {
        lock (findings)
            findings.Warnings.Add(what);
    }

    // The columns whose records belong to the root that they name.
    private List<ColumnPlan> Naming(EntityRun entity) =>
    [
        .. entity.Plan.Columns.Where(
            c => Names(c, root) && (c.Follow || (RecordFamily.TakesAll(root.Plan.Name) && entity.Plan.Level > root.Plan.Level))),
    ];

    private List<StagedLink> Named(EntityRun entity) =>
    [
        .. root.Plan.Columns.Where(c => Names(c, entity)).Select(c => new StagedLink(root.Staging, c)),
        .. others.Where(o => o != entity).SelectMany(o => FollowedFrom(o, entity)),
    ];

    // Only records that a root names are followed further, not those that name a root.
    private IEnumerable<StagedLink> FollowedFrom(EntityRun from, EntityRun to) => root.Plan.Columns.Any(c => Names(c, from))
        ? from.Plan.Columns.Where(c => c.Follow && Names(c, to)).Select(c => new StagedLink(from.Staging, c))
        : [];

    private IEnumerable<string> Followed(StagedLink link) =>
        from column in root.Plan.Columns
        where column.Relations.Any(r => r.Entity == link.From.Plan.Name)
        select $"select a.root, b.id from ({new StagedLink(root.Staging, column).Sql}) a join ({link.Sql}) b on b.root = a.id";

    private bool IsFirstChoice(EntityRun entity) =>
        root.Plan.Columns.All(c => !Names(c, entity) || c.Relations[0].Entity == entity.Plan.Name || others.All(o => o.Plan.Name != c.Relations[0].Entity));

    // Whether all that links to it is staged: no relation of another entity leads to it, and none of its records is found by a link to the root.
    private bool IsKnownAtOnce(EntityRun entity) => Naming(entity).Count == 0 && Named(entity).All(l => l.From == root.Staging);

    private static bool IsList(ColumnPlan column) => column.Type.Shape == FieldShape.TextArray;

    private static bool Names(ColumnPlan column, EntityRun entity) => column.Relations.Any(r => r.Entity == entity.Plan.Name);
}
