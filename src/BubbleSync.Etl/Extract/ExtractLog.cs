using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Extract;

/// <summary>The results of the accepted readings of one entity. Thread-safe.</summary>
internal sealed class ExtractLog
{
    private readonly Lock _lock = new();
    private readonly List<(Window Window, ReadingResult ReadingResult)> _accepted = [];
    private readonly List<CompletenessIssue> _issues = [];

    /// <summary>Records of the whole type as Bubble counted them before reading.</summary>
    public long? CountedBefore { get; set; }

    /// <summary>Records of the whole type as Bubble counted them after reading.</summary>
    public long? CountedAfter { get; set; }

    /// <summary>The issues that keep the extraction from being verified as complete; none if it is.</summary>
    public IReadOnlyList<CompletenessIssue> Issues
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. _issues,
                    .. _accepted.Where(a => a.ReadingResult.Outcome == Outcome.Unverified)
                        .Select(a => new CompletenessIssue(a.ReadingResult.Code, $"{a.Window}: {a.ReadingResult.Why}")),
                ];
            }
        }
    }

    /// <summary>Windows that were read again because a reading was not verified.</summary>
    public int Rereads { get; private set; }

    /// <summary>The windows whose rows are staged.</summary>
    public IReadOnlyList<(Window Window, ReadingResult ReadingResult)> Accepted
    {
        get
        {
            lock (_lock)
                return [.. _accepted];
        }
    }

    /// <summary>Takes the end of a reading into account.</summary>
    public void Add(Window window, ReadingResult result)
    {
        lock (_lock)
        {
            if (result.Outcome == Outcome.Discarded)
            {
                Rereads++;
                return;
            }

            // A window that reconciliation had read again counts with its last reading.
            _accepted.RemoveAll(a => a.Window == window);
            _accepted.Add((window, result));
        }
    }

    /// <summary>Adds an issue that keeps the extraction from being verified as complete.</summary>
    /// <param name="what">The issue in words.</param>
    /// <param name="code">What kind of issue it is.</param>
    public void AddIssue(string what, ErrorCode code = ErrorCode.Unproved)
    {
        var issue = new CompletenessIssue(code, what);
        lock (_lock)
        {
            if (!_issues.Contains(issue))
                _issues.Add(issue);
        }
    }
}
