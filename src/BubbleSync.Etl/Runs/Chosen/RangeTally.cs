using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Runs.Chosen;

/// <summary>Counts the outcomes of the invoices of a range. It keeps the first errors, the first warnings, and the number of all.</summary>
internal sealed class RangeTally
{
    /// <summary>The limit of errors, and of warnings, that are listed one by one.</summary>
    public const int MostNamed = RunFindings.MostRejects;

    private readonly Named _errors = new(Severity.Error, "the list of rejected records of the run has every one");
    private readonly Named _warnings = new(Severity.Warning, "an audit of the links lists every reference without a target");

    /// <summary>The number of invoices with a failure.</summary>
    public int Failed { get; private set; }

    /// <summary>The number of invoices that needed no write.</summary>
    public int Skipped { get; private set; }

    /// <summary>All invoices so far.</summary>
    public int Count { get; private set; }

    /// <summary>The errors, then the warnings, each followed by the number of those that are not named.</summary>
    public IEnumerable<SyncTrouble> Troubles => [.. _errors.All, .. _warnings.All];

    /// <summary>Adds an invoice.</summary>
    public void Add(InvoiceResult result)
    {
        Count++;
        Failed += result.Success ? 0 : 1;
        Skipped += result is { Success: true, Steps: [{ Action: InvoiceAction.Skip }] } ? 1 : 0;
        foreach (var trouble in result.Errors)
            (trouble.Severity == _errors.Severity ? _errors : _warnings).Add(trouble);
    }

    private sealed class Named(Severity severity, string hint)
    {
        private readonly List<SyncTrouble> _first = [];
        private long _more;

        public Severity Severity => severity;

        public IEnumerable<SyncTrouble> All => _more == 0
            ? _first
            : _first.Append(new SyncTrouble(severity, InvoiceRun.Root, "", ErrorCode.More,
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
