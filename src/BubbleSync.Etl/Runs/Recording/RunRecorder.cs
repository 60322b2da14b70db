using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Runs.Recording;

/// <summary>A run in progress, as the recorder needs it.</summary>
internal interface IRecordedRun
{
    /// <summary>What an interruption of a run that merges leaves behind.</summary>
    const string MergesStay = "What was merged stays; nothing is half merged.";

    /// <summary>The progress.</summary>
    RunProgress Progress { get; }

    /// <summary>The results so far.</summary>
    RunFindings Findings { get; }

    /// <summary>The entities' results so far.</summary>
    IReadOnlyList<EntityReport> Reports { get; }

    /// <summary>Whether the run ended, but nothing that was requested succeeded.</summary>
    bool IsFailed => false;

    /// <summary>What an interruption leaves behind, as a sentence.</summary>
    string WhatStays => MergesStay;
}

/// <summary>Opens the journal of a run, executes the run, reports its progress, and closes the journal with the result, also after a failure.</summary>
internal sealed class RunRecorder(RunJournal journal, TimeProvider clock)
{
    private static readonly TimeSpan JournalCloseTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Runs and records.</summary>
    public async Task<RunReport> RecordAsync(
        RunKind kind, object options, bool goesOn, IRecordedRun run, IProgress<RunProgress>? progress, Func<CancellationToken, Task> work,
        CancellationToken cancellationToken)
    {
        var drain = options is ResyncOptions { Drain: var asked } ? asked : CancellationToken.None;
        var startedAt = clock.GetUtcNow();
        journal.Asked = () => run.Progress.Api;
        using var watched = EtlDiagnostics.Watch(journal.RunId, () => run.Progress);
        using var span = EtlDiagnostics.Begin("run", ("run", journal.RunId), ("kind", Word.Of(kind)));
        await (goesOn ? journal.ReopenAsync(cancellationToken) : journal.StartAsync(kind, options, startedAt, cancellationToken));
        var failure = await TryAsync(run, progress, work, drain, cancellationToken);
        if (failure is not null)
        {
            run.Findings.Errors.AddRange(failure.Errors);
            span.Fail(Word.Of(failure.Errors[0].Code));
        }

        var report = new RunReport
        {
            RunId = journal.RunId,
            Kind = kind,
            Target = journal.Target,
            // The tokens do not decide: an interruption after the failure did not end the run.
            Status = failure?.Errors[0].Code == ErrorCode.Cancelled ? RunStatus.Cancelled
                : failure is not null || run.IsFailed ? RunStatus.Failed
                : run.Findings.IsPartial ? RunStatus.Partial : RunStatus.Succeeded,
            DryRun = options is ResyncOptions { DryRun: true },
            Backfill = options is ResyncOptions { Backfill: true },
            MostRecords = (options as ResyncOptions)?.MostRecords,
            StartedAt = startedAt,
            FinishedAt = clock.GetUtcNow(),
            Api = journal.Api,
            Read = run.Progress.Entities.Sum(e => e.Read - e.TakenOver),
            Entities = run.Reports,
            Patches = [.. run.Findings.Patches],
            Warnings = run.Findings.Warnings,
            Errors = run.Findings.Errors,
            Conclusion = failure is null ? run.Findings.Conclusion : null,
            Failure = failure,
        };
        return await CloseAsync(report);
    }

    private async Task<SyncException?> TryAsync(
        IRecordedRun run, IProgress<RunProgress>? progress, Func<CancellationToken, Task> work, CancellationToken drain, CancellationToken cancellationToken)
    {
        await using var telling = new ProgressReporter(() => run.Progress, progress, journal.Logger);
        try
        {
            await work(cancellationToken);
            return null;
        }
        catch (OperationCanceledException) when (IsInterrupted())
        {
            return new SyncException(Interrupted(run));
        }
#pragma warning disable CA1031 // Every exception becomes the report's error.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            var explained = PostgresFailure.Explain(failure, SyncStage.Load, null);
            // Both causes are reported: what failed may need work before the run can be resumed.
            return IsInterrupted()
                ? new SyncException([Interrupted(run), .. explained.Errors.Where(e => e.Code != ErrorCode.Cancelled)], explained)
                : explained;
        }

        bool IsInterrupted() => cancellationToken.IsCancellationRequested || drain.IsCancellationRequested;
    }

    private static SyncError Interrupted(IRecordedRun run) =>
        new(SyncStage.Load, null, null, null, ErrorCode.Cancelled, $"The run was interrupted. {run.WhatStays}");

    // The result matters most if the run failed, perhaps with the database; it is still printed then.
    private async Task<RunReport> CloseAsync(RunReport report)
    {
        try
        {
            await LimitedAsync(token => journal.FinishAsync(report, token));
        }
#pragma warning disable CA1031 // The run is over; every exception becomes one more error of the report.
        catch (Exception gone)
        {
            return report with
            {
                Status = report.Status == RunStatus.Succeeded ? RunStatus.Partial : report.Status,
                Errors =
                [
                    .. report.Errors,
                    new SyncError(
                        SyncStage.Load, null, null, null, ErrorCode.JournalLost,
                        $"The result could not be written to bubblesync.run, where the run stays 'running' until the next one: {Why(gone)}"),
                ],
            };
        }

        // The result is recorded by now: a later failure becomes a warning and changes nothing.
        try
        {
            await LimitedAsync(token => journal.LogAsync(Lines(report), token));
            await LimitedAsync(journal.ForgetOldAsync);
            return report;
        }
        catch (Exception lost)
#pragma warning restore CA1031
        {
            var warning = $"The result is recorded, but its log lines may be missing, or details of old runs were not removed: {Why(lost)}";
            return report with { Warnings = [.. report.Warnings, warning] };
        }
    }

    private static async Task LimitedAsync(Func<CancellationToken, Task> work)
    {
        using var limit = new CancellationTokenSource(JournalCloseTimeout);
        await work(limit.Token);
    }

    private static IReadOnlyList<LogLine> Lines(RunReport report) =>
    [
        .. report.Patches.Select(p => new LogLine(Severity.Info, SyncStage.Patch, null, Invariant($"patch {p.Name}: {Word.Of(p.Status)}, {p.Rows} rows"))),
        .. report.Errors.Where(e => e is { BubbleId: null, Code: not ErrorCode.Rejected })
            .Select(e => new LogLine(Severity.Error, e.Stage, e.Entity, e.Message)),
        .. report.Warnings.Select(w => new LogLine(Severity.Warning, SyncStage.Run, null, w)),
    ];

    private static string Why(Exception failure) => PostgresFailure.Explain(failure, SyncStage.Load, null).Message;
}
