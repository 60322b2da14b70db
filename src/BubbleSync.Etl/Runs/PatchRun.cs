using BubbleSync.Etl.Pipeline;
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
        using var graph = new RunPipeline(RunGraph.PagesWaiting, cancellationToken);
        await new RunGraph(graph, [])
            .Once("patches", token => stage.RunAsync(transactions, Findings, token))
            .Once("findings", _ =>
            {
                Findings.AddFailures(Findings.Patches);
                return Task.CompletedTask;
            })
            .RunAsync();
    }
}
