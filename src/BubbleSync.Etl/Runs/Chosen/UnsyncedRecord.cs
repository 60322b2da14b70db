using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Runs.Chosen;

/// <summary>The outcomes of records of an entity that a run did not sync.</summary>
internal sealed class UnsyncedRecord(string entity)
{
    /// <summary>An id that cannot be one of Bubble's.</summary>
    public RecordResult Malformed(string id) =>
        Failed(id, ErrorCode.MalformedId, $"'{id}' is no Bubble id, which is digits, an x, digits, {BubbleId.Longest} characters at the most.");

    /// <summary>A record that the run had not done when it ended.</summary>
    public RecordResult NotReached(string id, RunReport report) => Failed(
        id, report.Status == RunStatus.Cancelled ? ErrorCode.Cancelled : ErrorCode.Failed,
        $"The run ended as {Word.Of(report.Status)} before {id} was done{(report.Failure is { } failure ? $": {failure.Message}" : ".")}");

    /// <summary>A record that Bubble does not have.</summary>
    public RecordResult Missing(string id) =>
        Failed(id, ErrorCode.NotFound, $"Bubble has no {entity} {id}: it was deleted, is of another type, or the token may not see it.");

    /// <summary>Records of a range without a usable id.</summary>
    public SyncTrouble Unusable(int count) => new(
        Severity.Error, entity, "", ErrorCode.Rejected,
        Invariant($"Records of the range without a usable _id, which were not loaded: {count}; see bubblesync.rejected_record."));

    private RecordResult Failed(string id, ErrorCode code, string message) => new(
        false, id, [new RecordStep(entity, false, message)], [new SyncTrouble(Severity.Error, entity, id, code, message)], new Dictionary<string, int>());
}
