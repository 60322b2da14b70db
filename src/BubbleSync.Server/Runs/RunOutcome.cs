using System.Text.Json.Nodes;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Server.Runs;

/// <summary>How a run ended.</summary>
/// <param name="Report">The report that all kinds of run have.</param>
/// <param name="Own">The result of its kind as JSON; null where that is the report.</param>
/// <param name="IsSuccess">Whether all that was asked for is done.</param>
internal sealed record RunOutcome(RunReport Report, string? Own, bool IsSuccess)
{
    /// <summary>An error that was not expected, for the server's log; null where there was none.</summary>
    public Exception? Unexpected { get; init; }

    /// <summary>The result of its kind, of which the history keeps only counts; null where it has none of its own.</summary>
    public object? Detail { get; init; }

    /// <summary>The state of the run.</summary>
    public RunPhase Phase => Report.Status switch
    {
        RunStatus.Succeeded => IsSuccess ? RunPhase.Succeeded : RunPhase.Partial,
        RunStatus.Partial => RunPhase.Partial,
        RunStatus.Cancelled => RunPhase.Cancelled,
        _ => RunPhase.Failed,
    };

    /// <summary>The outcome of a run that could not start.</summary>
    /// <param name="run">The run.</param>
    /// <param name="errors">Why.</param>
    /// <param name="status">Failed or cancelled.</param>
    /// <param name="now">The time.</param>
    public static RunOutcome Of(ServerRun run, IReadOnlyList<SyncError> errors, RunStatus status, DateTimeOffset now) => new(
        new RunReport
        {
            RunId = run.Id,
            Kind = KindOf(run.Order.Kind),
            Status = status,
            StartedAt = run.View.StartedAt ?? now,
            FinishedAt = now,
            Errors = errors,
        },
        null, false);

    /// <summary>The result as JSON: that of the kind, and what all runs have.</summary>
    public JsonObject ToJson(string app)
    {
        var result = Own is null ? [] : JsonNode.Parse(Own)!.AsObject();
        result.Remove("run");
        foreach (var (name, value) in JsonNode.Parse(Report.ToJson())!.AsObject())
        {
            if (!result.ContainsKey(name))
                result[name] = value?.DeepClone();
        }

        result["app"] = app;
        return result;
    }

    /// <summary>Returns the kind of run in the history.</summary>
    public static RunKind KindOf(SyncKind kind) => kind switch
    {
        SyncKind.Invoice => RunKind.SyncInvoice,
        SyncKind.Record => RunKind.SyncRecord,
        SyncKind.Range => RunKind.SyncRange,
        SyncKind.Incremental => RunKind.Incremental,
        SyncKind.Resync => RunKind.Resync,
        SyncKind.Verify => RunKind.Verify,
        SyncKind.Reprocess => RunKind.Reprocess,
        SyncKind.Fields => RunKind.AuditFields,
        _ => RunKind.Patch,
    };
}
