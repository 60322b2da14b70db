using System.Data;
using System.Diagnostics;
using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Merge.Links;
using BubbleSync.Etl.Merge.Patches;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Runs.Stages;

/// <summary>The final stage: restores deferred links whose target exists by now, then runs the patches in order.</summary>
/// <param name="scope">What it does.</param>
/// <param name="runner">Runs one patch.</param>
internal sealed class PatchStage(PatchScope scope, PatchRunner runner)
{
    // If others edit a row after the list of edited rows is made, the transaction fails and starts again; else the edit would count as our own write.
    private const IsolationLevel Snapshot = IsolationLevel.RepeatableRead;

    /// <summary>Runs the stage and adds a report as each patch ends; one that fails stops nothing.</summary>
    public async Task RunAsync(TargetTransactions transactions, RunFindings findings, CancellationToken cancellationToken)
    {
        foreach (var plan in scope.Plans.Where(p => p.Columns.Any(c => c.HoldsLinks)))
            await RestoreAsync(plan, transactions, findings, cancellationToken);

        var pass = await transactions.RunInTransactionAsync(
            IsolationLevel.ReadCommitted, null, c => PatchPass.BeginAsync(c, scope, transactions.IsDryRun, cancellationToken), cancellationToken);
        foreach (var patch in scope.Patches)
        {
            var began = Stopwatch.GetTimestamp();
            using var span = EtlDiagnostics.Begin("patch", ("patch", patch.Name));
            var report = runner.Refuse(patch)
                ?? (pass.IsIdle(patch) ? new PatchReport(patch.Name, PatchStatus.Succeeded, 0, null)
                    : await RunAsync(patch, pass, transactions, findings, cancellationToken));
            findings.Patches.Add(report with { DurationMs = (long)Math.Ceiling(Stopwatch.GetElapsedTime(began).TotalMilliseconds) });
            EtlDiagnostics.StageDuration.Took(began, EtlDiagnostics.Tag("stage", "patch"), EtlDiagnostics.Tag("patch", patch.Name));
        }

        if (pass.MustEnd(findings.Patches))
        {
            await transactions.RunInTransactionAsync(
                IsolationLevel.ReadCommitted, null, c => pass.EndAsync(c, findings.Patches, cancellationToken), cancellationToken);
        }
    }

    private async Task RestoreAsync(EntityPlan plan, TargetTransactions transactions, RunFindings findings, CancellationToken cancellationToken)
    {
        try
        {
            findings.Errors.AddRange(await transactions.RunInTransactionAsync(
                Snapshot, plan.Name, c => new DeferredForeignKeys(plan, null).RestoreAsync(c, scope.RunId, cancellationToken), cancellationToken));
        }
        catch (SyncException failure) when (failure.IsTransient && !cancellationToken.IsCancellationRequested)
        {
            findings.Warn($"{plan.Name}: deferred links stay deferred until the next run, because others kept writing the same rows: {failure.Message}");
        }
    }

    private async Task<PatchReport> RunAsync(
        PatchFile patch, PatchPass pass, TargetTransactions transactions, RunFindings findings, CancellationToken cancellationToken)
    {
        try
        {
            var outcome = await transactions.RunInTransactionAsync(
                Snapshot,
                null,
                async connection =>
                {
                    // Listing edits reads a whole table: only if the patch names it or has written to it.
                    var named = scope.Plans.Where(p => patch.Sql.Contains(p.Target.Name, StringComparison.OrdinalIgnoreCase)).ToList();
                    foreach (var plan in named)
                        await new DeferredForeignKeys(plan, null).BeforePatchAsync(connection, cancellationToken);

                    var report = await OwnWrites.WriteAsync(
                        connection, scope.Mirror, named.Select(p => p.OwnTable),
                        async () => new OwnWrite<PatchOutcome>(await runner.RunAsync(patch, pass, connection, cancellationToken)),
                        cancellationToken);
                    foreach (var plan in named)
                        await new DeferredForeignKeys(plan, null).AfterPatchAsync(connection, cancellationToken);
                    return report;
                },
                cancellationToken);
            pass.Add(outcome);
            findings.Warn(outcome.Warning);
            return outcome.Report;
        }
        catch (SyncException failure) when (!cancellationToken.IsCancellationRequested && Why(failure) is { } why)
        {
            return new PatchReport(patch.Name, PatchStatus.Failed, 0, why);
        }
    }

    // Returns why the patch failed; null where something else failed.
    private static string? Why(SyncException failure) =>
        failure.Errors[0].Code == ErrorCode.LockLost ? null
        : failure.IsTransient ? $"others kept writing the same rows: {failure.Message}"
        : PostgresFailure.SaidBy(failure);
}
