using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Runs.Chosen;

/// <summary>Returns the outcome of each record and of its related records.</summary>
internal sealed class RecordOutcomes(EntityRun root, IReadOnlyList<EntityRun> others, RelatedRecords related, StagedOutcomes outcomes, bool isForced)
{
    private readonly List<string> _order = [.. others.Append(root).OrderBy(e => e.Plan.Level).Select(e => e.Plan.Name)];

    private readonly Dictionary<(string Entity, string? Id), string> _rejects = others.Prepend(root)
        .SelectMany(o => o.Rejects.Select(r => (Key: (o.Plan.Name, r.BubbleId), r.Message)))
        .DistinctBy(r => r.Key).ToDictionary(r => r.Key, r => r.Message);

    /// <summary>Returns one result for each id, ordered by id, as they are read: only one record's outcomes are in memory.</summary>
    public async IAsyncEnumerable<RecordResult> ReadAsync(
        IReadOnlyList<string> ids, DateTimeOffset since, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var rows = outcomes.ReadAsync([.. Queries()], since, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var hasRow = await rows.MoveNextAsync();
        foreach (var id in ids.Order(StringComparer.Ordinal))
        {
            var mine = new Dictionary<string, List<StagedOutcome>>();
            for (; hasRow && string.CompareOrdinal(rows.Current.Root, id) <= 0; hasRow = await rows.MoveNextAsync())
            {
                if (rows.Current.Root == id)
                    (CollectionsMarshal.GetValueRefOrAddDefault(mine, rows.Current.Entity, out _) ??= []).Add(rows.Current);
            }

            yield return Result(id, mine);
        }
    }

    private IEnumerable<OutcomeQuery> Queries()
    {
        yield return new OutcomeQuery(root.Staging, [$"select {root.Plan.Key.Quoted} as root, {root.Plan.Key.Quoted} as id from {root.Staging.Name}"]);
        foreach (var entity in others)
        {
            if (related.Links(entity) is { Count: > 0 } links)
                yield return new OutcomeQuery(entity.Staging, links);
        }
    }

    private RecordResult Result(string id, Dictionary<string, List<StagedOutcome>> mine)
    {
        if (!mine.ContainsKey(root.Plan.Name))
            return new UnsyncedRecord(root.Plan.Name).Missing(id);

        var troubles = mine.Values.SelectMany(m => m.Select(o => Trouble(o, mine))).OfType<SyncTrouble>()
            .OrderBy(t => t.Entity, StringComparer.Ordinal).ThenBy(t => t.BubbleId, StringComparer.Ordinal).ToList();
        var steps = !isForced && mine.Values.All(IsUnchanged)
            ? [new RecordStep(RecordStep.Skip, true)]
            : _order.Where(mine.ContainsKey).Select(entity => Step(entity, mine[entity], troubles.Where(t => t.Entity == entity))).ToList();
        return new RecordResult(troubles.All(t => t.Severity != Severity.Error), id, steps, troubles, Stats(mine));
    }

    private static bool IsUnchanged(IReadOnlyList<StagedOutcome> records) =>
        records.All(o => o.State is StagedState.Kept or StagedState.Missing or StagedState.Conflicting);

    private RecordStep Step(string entity, IReadOnlyList<StagedOutcome> records, IEnumerable<SyncTrouble> troubles)
    {
        var failures = troubles.Where(t => t.Severity == Severity.Error).Select(t => t.Message).ToList();
        return failures.Count > 0
            ? new RecordStep(entity, false, string.Join(" ", failures))
            : new RecordStep(entity, true, Outcome: isForced && IsUnchanged(records) ? StepOutcome.Unchanged : null);
    }

    private SyncTrouble? Trouble(StagedOutcome outcome, Dictionary<string, List<StagedOutcome>> mine)
    {
        var (entity, id) = (outcome.Entity, outcome.Id);
        return outcome.State switch
        {
            StagedState.Rejected => new SyncTrouble(Severity.Error, entity, id, ErrorCode.Rejected, WhyRejected(entity, id)),
            StagedState.Missing when !IsElsewhere(outcome, mine) =>
                new SyncTrouble(Severity.Warning, entity, id, ErrorCode.MissingLink, $"{entity} {id} is named here, but Bubble does not have it."),
            StagedState.Conflicting => new SyncTrouble(
                Severity.Warning, entity, id, ErrorCode.Conflict,
                $"{entity} {id} is kept as it is: Bubble has changed it, but it was changed here later. A sync that takes Bubble's values (force) "
                    + "overwrites it."),
            _ => null,
        };
    }

    // Only the first of very many rejects are kept.
    private string WhyRejected(string entity, string id) => _rejects.GetValueOrDefault((entity, id))
        ?? $"{entity} {id} did not convert and was not loaded; see bubblesync.rejected_record.";

    // A payment may be in either of two entities; if it is in neither, only the first one searched reports it.
    private bool IsElsewhere(StagedOutcome outcome, Dictionary<string, List<StagedOutcome>> mine) =>
        others.FirstOrDefault(o => o.Plan.Name == outcome.Entity) is { } run
        && related.Alternatives(run).Any(other => (mine.GetValueOrDefault(other.Plan.Name) ?? []).Any(o =>
            o.Id == outcome.Id && (o.State != StagedState.Missing || string.CompareOrdinal(o.Entity, outcome.Entity) < 0)));

    private Dictionary<string, int> Stats(Dictionary<string, List<StagedOutcome>> mine) => _order
        .Select(entity => (Entity: entity, Count: mine.GetValueOrDefault(entity, [])
            .Count(o => o.State is StagedState.Kept or StagedState.Written or StagedState.Conflicting)))
        .Where(s => s.Count > 0)
        .ToDictionary(s => s.Entity, s => s.Count);
}
