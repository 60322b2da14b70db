using BubbleSync.Etl.Graph;
using BubbleSync.Etl.Load;

namespace BubbleSync.Etl.Sync;

/// <summary>Returns the outcome of each invoice and of its related records.</summary>
internal sealed class InvoiceOutcomes(EntityRun root, IReadOnlyList<EntityRun> others, RelatedRecords related, StagedOutcomes outcomes, bool isForced)
{
    // The results' names, which are older than the entities', in merge order.
    private static readonly (string Entity, string Action)[] Actions =
    [
        ("agent", "agent"), ("customer", "customer"), ("user", "user"), ("invoice", "invoice"), ("payment", "payments"),
        ("submitted_payment", "submitted_payments"), ("invoice_item", "invoice_items"), ("seda_registration", "seda"),
    ];

    /// <summary>Gives one result for each id.</summary>
    public async Task<IReadOnlyList<InvoiceResult>> ReadAsync(IReadOnlyList<string> ids, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, ILookup<string, StagedOutcome>>
        {
            [root.Plan.Name] = await ReadAsync(root, [$"select {root.Plan.Key.Quoted} as root, {root.Plan.Key.Quoted} as id from {root.Staging.Name}"], since, cancellationToken),
        };
        foreach (var entity in others)
        {
            if (related.Links(entity) is { Count: > 0 } queries)
                found[entity.Plan.Name] = await ReadAsync(entity, queries, since, cancellationToken);
        }

        return [.. ids.Select(id => Result(id, found))];
    }

    private async Task<ILookup<string, StagedOutcome>> ReadAsync(EntityRun entity, IReadOnlyList<string> links, DateTimeOffset since, CancellationToken cancellationToken) =>
        (await outcomes.ReadAsync(entity.Staging, links, since, cancellationToken)).ToLookup(o => o.Root);

    private InvoiceResult Result(string id, Dictionary<string, ILookup<string, StagedOutcome>> found)
    {
        if (!found[root.Plan.Name][id].Any())
            return Missing(id);

        var mine = found.ToDictionary(f => f.Key, f => f.Value[id].ToList());
        var troubles = mine.SelectMany(m => m.Value.Select(o => Trouble(m.Key, o, mine))).OfType<SyncTrouble>().OrderBy(t => t.Entity, StringComparer.Ordinal).ThenBy(t => t.BubbleId, StringComparer.Ordinal).ToList();
        var steps = !isForced && mine.Values.All(IsUnchanged)
            ? [new SyncStep("skip", true)]
            : Actions.Where(a => mine.GetValueOrDefault(a.Entity) is { Count: > 0 })
                .Select(a => Step(a.Action, mine[a.Entity], troubles.Where(t => t.Entity == a.Entity)))
                .ToList();
        return new InvoiceResult(troubles.All(t => t.Severity != "error"), id, steps, troubles, Stats(mine));
    }

    private InvoiceResult Missing(string id)
    {
        var message = $"Bubble has no {root.Plan.Name} {id}: it was deleted, is of another type, or the token may not see it.";
        return new InvoiceResult(false, id, [new SyncStep(root.Plan.Name, false, message)], [new SyncTrouble("error", root.Plan.Name, id, "not-found", message)], new InvoiceStats());
    }

    private static bool IsUnchanged(IReadOnlyList<StagedOutcome> records) =>
        records.All(o => o.State is StagedState.Kept or StagedState.Missing or StagedState.Conflicting);

    private SyncStep Step(string action, IReadOnlyList<StagedOutcome> records, IEnumerable<SyncTrouble> troubles)
    {
        var failures = troubles.Where(t => t.Severity == "error").Select(t => t.Message).ToList();
        return failures.Count > 0
            ? new SyncStep(action, false, string.Join(" ", failures))
            : new SyncStep(action, true, Outcome: isForced && IsUnchanged(records) ? "unchanged" : null);
    }

    private SyncTrouble? Trouble(string entity, StagedOutcome outcome, Dictionary<string, List<StagedOutcome>> mine) => outcome.State switch
    {
        StagedState.Rejected => new SyncTrouble("error", entity, outcome.Id, "rejected", WhyRejected(entity, outcome.Id)),
        StagedState.Missing when !IsElsewhere(entity, outcome, mine) => new SyncTrouble("warning", entity, outcome.Id, "missing-link", $"{entity} {outcome.Id} is named here, but Bubble does not have it."),
        StagedState.Conflicting => new SyncTrouble("warning", entity, outcome.Id, "conflict", $"{entity} {outcome.Id} is kept as it is: Bubble has changed it, but it was changed here later; --force takes Bubble's."),
        _ => null,
    };

    // Of very many rejects only the first are at hand.
    private string WhyRejected(string entity, string id) => others.Prepend(root).First(o => o.Plan.Name == entity).Rejects.FirstOrDefault(r => r.BubbleId == id)?.Message
        ?? $"{entity} {id} did not convert and was not loaded; see bubblesync.rejected_record.";

    // A payment that is not in one of its two places is in the other, or is told of once, in the place looked at first.
    private bool IsElsewhere(string entity, StagedOutcome outcome, Dictionary<string, List<StagedOutcome>> mine) => others.FirstOrDefault(o => o.Plan.Name == entity) is { } run
        && related.Alternatives(run).Any(other => (mine.GetValueOrDefault(other.Plan.Name) ?? []).Any(o => o.Id == outcome.Id && (o.State != StagedState.Missing || string.CompareOrdinal(other.Plan.Name, entity) < 0)));

    private static InvoiceStats Stats(Dictionary<string, List<StagedOutcome>> mine)
    {
        int Stored(string entity) => (mine.GetValueOrDefault(entity) ?? []).Count(o => o.State is StagedState.Kept or StagedState.Written or StagedState.Conflicting);

        return new InvoiceStats
        {
            Agent = Stored("agent"),
            Customer = Stored("customer"),
            User = Stored("user"),
            Payments = Stored("payment"),
            SubmittedPayments = Stored("submitted_payment"),
            InvoiceItems = Stored("invoice_item"),
            Seda = Stored("seda_registration"),
            Invoice = Stored("invoice"),
        };
    }
}
