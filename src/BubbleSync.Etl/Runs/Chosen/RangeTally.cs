using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Runs.Chosen;

/// <summary>Counts the outcomes of the records of a range. It keeps the first errors, the first warnings, and the number of all.</summary>
internal sealed class RangeTally(string entity)
{
    /// <summary>The limit of errors, and of warnings, that are listed one by one.</summary>
    public const int MostNamed = RunFindings.MostRejects;

    private readonly Named _errors = new(entity, Severity.Error, "the list of rejected records of the run has every one");
    private readonly Named _warnings = new(entity, Severity.Warning, "an audit of the links lists every reference without a target");

    /// <summary>The number of records with a failure.</summary>
    public int Failed { get; private set; }

    /// <summary>The number of records that needed no write.</summary>
    public int Skipped { get; private set; }

    /// <summary>All records so far.</summary>
    public int Count { get; private set; }

    /// <summary>The errors, then the warnings, each followed by the number of those that are not named.</summary>
    public IEnumerable<SyncTrouble> Troubles => [.. _errors.All, .. _warnings.All];

    /// <summary>Adds a record.</summary>
    public void Add(RecordResult result)
    {
        Count++;
        Failed += result.Success ? 0 : 1;
        Skipped += result is { Success: true, IsSkipped: true } ? 1 : 0;
        foreach (var trouble in result.Errors)
            (trouble.Severity == _errors.Severity ? _errors : _warnings).Add(trouble);
    }

    /// <summary>Returns the report of the range.</summary>
    /// <param name="chosen">What the range has.</param>
    /// <param name="report">The run.</param>
    public RangeSyncReport Report(FoundRecords chosen, RunReport report)
    {
        var failed = Failed + chosen.Ids.Count - Count + chosen.Unusable.Count;
        var total = chosen.Ids.Count + chosen.Unusable.Count;
        // The error that stopped the run is reported once, not for each record that was not synced.
        IEnumerable<SyncTrouble> further =
            report.Failure is { } failure ? failure.Errors.Select(e => new SyncTrouble(Severity.Error, e.Entity ?? entity, e.BubbleId ?? "", e.Code, e.Message))
            : chosen.Unusable.Count > 0 ? [new UnsyncedRecord(entity).Unusable(chosen.Unusable.Count)] : [];
        var results = new RangeResults(total, total - failed - Skipped, Skipped, failed, [.. Troubles, .. further]);
        return new RangeSyncReport(report.Status == RunStatus.Succeeded && failed == 0, results, report) { Entity = entity };
    }

    private sealed class Named(string entity, Severity severity, string hint)
    {
        private readonly List<SyncTrouble> _first = [];
        private long _more;

        public Severity Severity => severity;

        public IEnumerable<SyncTrouble> All => _more == 0
            ? _first
            : _first.Append(new SyncTrouble(severity, entity, "", ErrorCode.More,
                Invariant($"{_more} more {(_more == 1 ? $"{Word.Of(severity)} is" : $"{Word.Of(severity)}s are")} not listed here; {hint}.")));

        public void Add(SyncTrouble trouble)
        {
            if (_first.Count < MostNamed)
                _first.Add(trouble);
            else
                _more++;
        }
    }
}
