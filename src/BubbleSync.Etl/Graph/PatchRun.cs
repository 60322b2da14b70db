using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;

namespace BubbleSync.Etl.Graph;

/// <summary>The patch stage alone.</summary>
internal sealed class PatchRun(TargetDatabase database, PatchStage stage, IReadOnlyList<EntityPlan> plans) : IRecordedRun
{
    /// <inheritdoc/>
    public RunProgress Progress { get; } = new([], new ApiCounts(0, 0, 0, 0), 0, 0);

    /// <inheritdoc/>
    public RunFindings Findings { get; } = new();

    /// <inheritdoc/>
    public IReadOnlyList<EntityReport> Reports => [];

    /// <summary>Runs to the end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var transactions = new TargetTransactions(database, dryRun: false);
        Findings.Patches = await stage.RunAsync(transactions, plans, cancellationToken);
        Findings.AddFailures(Findings.Patches);
    }
}
