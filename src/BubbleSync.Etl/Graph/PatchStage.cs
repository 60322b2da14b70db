using System.Data;
using BubbleSync.Etl.Load;
using BubbleSync.Etl.Patch;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Graph;

/// <summary>The final stage: links held back are put back where their target is there by now, then the patches run in order.</summary>
internal sealed class PatchStage(IReadOnlyList<PatchFile> patches, PatchRunner runner)
{
    /// <summary>Runs all of it; a patch that fails is reported and stops nothing.</summary>
    public async Task<IReadOnlyList<PatchReport>> RunAsync(TargetTransactions transactions, IReadOnlyList<EntityPlan> everyPlan, CancellationToken cancellationToken)
    {
        foreach (var plan in everyPlan)
            await transactions.InOneAsync(IsolationLevel.ReadCommitted, c => new HeldLinks(plan, null).RestoreAsync(c, cancellationToken), cancellationToken);

        var reports = new List<PatchReport>();
        foreach (var patch in patches)
            reports.Add(await transactions.InOneAsync(IsolationLevel.ReadCommitted, c => runner.RunAsync(patch, c, cancellationToken), cancellationToken));
        return reports;
    }
}
