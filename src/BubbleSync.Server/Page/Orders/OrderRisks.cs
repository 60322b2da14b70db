using BubbleSync.Etl.Settings;
using BubbleSync.Server.Page.Parts;
using BubbleSync.Server.Runs;
using static System.FormattableString;

namespace BubbleSync.Server.Page.Orders;

/// <summary>What an order could do that nothing brings back, in sentences, with what is known of its size.</summary>
internal static class OrderRisks
{
    /// <summary>Returns the sentences; none where the order asks for nothing dangerous.</summary>
    public static async Task<IReadOnlyList<string>> DescribeAsync(AppWorker worker, RunOrder order, CancellationToken cancellationToken)
    {
        var risks = new List<string>();
        if (order is { Kind: SyncKind.Resync or SyncKind.Incremental, Prune: PruneMode.Hard })
            risks.AddRange(await PruneAsync(worker, order, cancellationToken));
        if (order is { Kind: SyncKind.Resync, AcceptSource: true })
            risks.Add(await SourceAsync(worker, cancellationToken));
        if (order is { Force: true, DryRun: false } && order.Kind != SyncKind.Verify)
            risks.Add("Bubble's values replace rows that are newer here, and what was edited here since the last sync.");
        if (order is { Force: true, DryRun: false, Kind: SyncKind.Resync })
            risks.Add("Columns whose line of the map was another one before lose that line's values, also where a record does not carry the field.");
        return risks;
    }

    // What Bubble counts now against the rows here; the run itself deletes only what a complete reading did not find.
    private static async Task<IReadOnlyList<string>> PruneAsync(AppWorker worker, RunOrder order, CancellationToken cancellationToken)
    {
        var status = await worker.Engine.StatusAsync(new StatusOptions { Entities = order.Entities }, cancellationToken);
        var unknown = status.Entities.Where(e => e.InBubble is null).Select(e => e.Name).ToList();
        var gone = status.Entities.Select(e => (e.Name, Rows: Math.Max(e.NotInBubble, (e.Expected ?? 0) - (e.InBubble ?? e.Expected ?? 0))))
            .Where(e => e.Rows > 0).ToList();
        return
        [
            "Rows whose records Bubble no longer has are deleted from the tables. Nothing brings them back, except a backup of the database.",
            gone.Count == 0
                ? "The counts of now show no row to delete. New records in Bubble may hide deleted ones."
                : $"By the counts of now, at least these would be deleted: {string.Join(", ", gone.Select(e => $"{Show.Count(e.Rows, "row")} of {e.Name}"))}.",
            .. unknown.Count == 0 ? Array.Empty<string>() : [$"Bubble did not count the records of {string.Join(", ", unknown)}."],
            Invariant($"The run deletes nothing of an entity where more than {order.PruneLimitPercent}% of its rows would go."),
        ];
    }

    private static async Task<string> SourceAsync(AppWorker worker, CancellationToken cancellationToken)
    {
        var status = await worker.Engine.StatusAsync(new StatusOptions { Offline = true }, cancellationToken);
        return $"The tables mirror {status.App ?? "no app yet"}. From now on they mirror {worker.App.Settings.Bubble.BaseUrl}, if a sample of the stored ids "
            + "is found there. If that is another app, its records are mixed with those that are here.";
    }
}
