using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Server.Runs;

/// <summary>Runs one order by the engine.</summary>
internal sealed class OrderRunner(SyncEngine engine, TimeProvider clock)
{
    /// <summary>Runs it to its end. What could not start is an outcome too.</summary>
    public async Task<RunOutcome> RunAsync(ServerRun run)
    {
        try
        {
            run.Drain.ThrowIfCancellationRequested();
            return await StartAsync(engine.ForRun(run.Id), run);
        }
        catch (OperationCanceledException) when (run.Drain.IsCancellationRequested)
        {
            return RunOutcome.Of(run, [Error(ErrorCode.Cancelled, "The run was cancelled before it began. Nothing was written.")], RunStatus.Cancelled, Now);
        }
        catch (SyncException refused)
        {
            return RunOutcome.Of(run, refused.Errors, RunStatus.Failed, Now);
        }
#pragma warning disable CA1031 // A fault of one run must not end the server.
        catch (Exception unexpected)
#pragma warning restore CA1031
        {
            // Its message may hold anything.
            var what = $"The run stopped by an unexpected error ({unexpected.GetType().Name}). The server's log says where.";
            return RunOutcome.Of(run, [Error(ErrorCode.Failed, what)], RunStatus.Failed, Now) with { Unexpected = unexpected };
        }
    }

    private DateTimeOffset Now => clock.GetUtcNow();

    private static SyncError Error(ErrorCode code, string message) => new(SyncStage.Runs, null, null, null, code, message);

    private async Task<RunOutcome> StartAsync(SyncEngine started, ServerRun run)
    {
        var order = run.Order;
        switch (order.Kind)
        {
            case SyncKind.Invoice:
                var options = new InvoiceSyncOptions { Force = order.Force, SkipUsers = order.SkipUsers, SkipAgents = order.SkipAgents };
                var invoices = await started.SyncInvoicesAsync(order.Ids, options, run, run.Drain);
                return new RunOutcome(invoices.Run, invoices.ToJson(), invoices.Success) { Detail = invoices };
            case SyncKind.Record:
                var records = await started.SyncRecordsAsync(order.Entity, order.Ids, order.Force, run, run.Drain);
                return new RunOutcome(records.Run, records.ToJson(), records.Success) { Detail = records };
            case SyncKind.Range:
                var range = await started.SyncRecordsInRangeAsync(order.Entity, order.From!.Value, order.To ?? Now, order.Force, run, run.Drain);
                return new RunOutcome(range.Run, range.ToJson(), range.Success) { Detail = range };
            case SyncKind.Verify:
                var verified = await started.VerifyAsync(VerificationOf(order), run, run.Drain);
                return new RunOutcome(verified.Run, verified.ToJson(), verified.Success) { Detail = verified };
            case SyncKind.Incremental:
                return Of(await started.SyncIncrementalAsync(IncrementalOf(order), run, run.Drain));
            case SyncKind.Resync:
                return Of(await started.ResyncAsync(ResyncOf(order, run.Drain), run, run.Stop));
            case SyncKind.Reprocess:
                return Of(await started.ReprocessAsync($"{order.Run}", order.Force, run.Drain));
            case SyncKind.Fields:
                return Of(run, await started.AuditFieldsAsync(order.Entities, run, run.Drain));
            default:
                return Of(await started.PatchAsync([], run.Drain));
        }
    }

    private static RunOutcome Of(RunReport report) => new(report, null, report.Status == RunStatus.Succeeded);

    // An audit is no run of the history. Its result is kept in the database for the coverage.
    private RunOutcome Of(ServerRun run, FieldAuditReport audit) => new(
        new RunReport
        {
            RunId = run.Id,
            Kind = RunKind.AuditFields,
            Target = audit.Target,
            Status = RunStatus.Succeeded,
            StartedAt = run.View.StartedAt ?? Now,
            FinishedAt = Now,
            Api = run.View.Progress?.Api ?? new ApiCounts(0, 0, 0, 0),
            Read = run.View.Progress?.Entities.Sum(e => e.Read),
            Warnings = audit.Warnings,
            Conclusion = Invariant($"{audit.Total.Percent}% of the values are stored"),
        },
        audit.ToJson(), true)
    {
        Detail = audit,
    };

    private static IncrementalOptions IncrementalOf(RunOrder order) => new()
    {
        Entities = order.Entities,
        Prune = order.Prune,
        PruneLimitPercent = order.PruneLimitPercent,
        MaxCalls = order.MaxCalls,
    };

    private static VerifyOptions VerificationOf(RunOrder order) => new()
    {
        Entities = order.Entities,
        Since = order.Since,
        ByCounts = order.ByCounts,
        Strict = order.Strict,
    };

    private static ResyncOptions ResyncOf(RunOrder order, CancellationToken drain) => new()
    {
        Entities = order.Entities,
        Force = order.Force,
        Backfill = order.Backfill,
        MostRecords = order.Limit,
        Create = order.Create,
        DryRun = order.DryRun,
        Resume = order.Run is not null,
        ResumeRun = order.Run?.ToString(),
        Prune = order.Prune,
        PruneLimitPercent = order.PruneLimitPercent,
        MaxRejects = order.MaxRejects,
        MaxCalls = order.MaxCalls,
        AcceptSource = order.AcceptSource,
        Drain = drain,
    };
}
