using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Runs.Stages;

namespace BubbleSync.Etl.Runs;

/// <summary>The patch stage alone.</summary>
internal sealed class PatchRun(TargetTransactions transactions, PatchStage stage) : IRecordedRun
{
    /// <inheritdoc/>
    public RunProgress Progress { get; } = ApiProgress.None.With([]);

    /// <inheritdoc/>
    public RunFindings Findings { get; } = new();

    /// <inheritdoc/>
    public IReadOnlyList<EntityReport> Reports => [];

    /// <summary>Runs to the end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await stage.RunAsync(transactions, Findings, cancellationToken);
        Findings.AddFailures(Findings.Patches);
    }
}
