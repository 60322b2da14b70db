using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Preflight.Examinations;

/// <summary>The checks that doctor has made so far.</summary>
internal sealed class DoctorChecks
{
    private readonly List<DoctorCheck> _checks = [];

    /// <summary>The report on all of it.</summary>
    public DoctorReport Report => new(_checks.TrueForAll(c => c.Status != CheckStatus.Failed), _checks);

    /// <summary>Adds a check.</summary>
    public void Add(string name, bool isWell, string message, NextAction? next = null) =>
        // What leads here is done.
        _checks.Add(new DoctorCheck(name, isWell ? CheckStatus.Ok : CheckStatus.Failed, message) { Next = next?.Kind == NextActionKind.Doctor ? null : next });

    /// <summary>Adds a check of the database.</summary>
    public void Add(TargetFinding finding) => Add(finding.Check, finding.IsOk, finding.Message, finding.Error?.Next);

    /// <summary>Adds a check that cannot be made.</summary>
    public void Skip(string name, string why) => _checks.Add(new DoctorCheck(name, CheckStatus.Skipped, why));

    /// <summary>Makes a check and adds its result. Returns what was found, or null where the check failed.</summary>
    public async Task<T?> LookAsync<T>(string name, Func<Task<T>> look, Func<T, string> well)
        where T : class
    {
        try
        {
            var found = await look();
            Add(name, true, well(found));
            return found;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Fail(name, failure);
            return null;
        }
    }

    /// <summary>Runs checks that add their own results. Where that fails, it is one more finding and not the end of the report.</summary>
    public async Task GuardAsync(string name, Func<Task> look)
    {
        try
        {
            await look();
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Fail(name, failure);
        }
    }

    private void Fail(string name, Exception failure)
    {
        var explained = PostgresFailure.Explain(failure, SyncStage.Plan, null);
        Add(name, false, explained.Message, explained.Errors[0].Next);
    }
}
