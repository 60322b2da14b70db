using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Spectre.Console;
using static System.FormattableString;

namespace BubbleSync.Cli.Output;

/// <summary>Outcomes of records of any entity.</summary>
internal static class RecordSummary
{
    /// <summary>The most records that are listed one by one.</summary>
    public const int MostRows = 50;

    /// <summary>Prints the result of <c>sync record</c>: for each record how many there are of each entity.</summary>
    public static void Print(RecordSyncReport report, NextSteps next, IAnsiConsole console)
    {
        string[] entities = [.. report.Run.Entities.Select(e => e.Name).Where(e => report.Results.Any(r => r.Stats.ContainsKey(e)))];
        var table = new ReportTable().Words(report.Entity, "result").Numbers(entities);
        foreach (var result in report.Results.Take(MostRows))
            table.Row([result.BubbleId, Result(result, report.Entity), .. entities.Select(e => result.Stats.GetValueOrDefault(e))]);
        table.Print(console);
        Close(report.Results.Count, report.Results.SelectMany(r => r.Errors), report.Run, next, console);
    }

    /// <summary>Prints the result of <c>sync range</c>.</summary>
    public static void Print(RangeSyncReport report, NextSteps next, IAnsiConsole console)
    {
        var results = report.Results;
        var what = report.Entity == "invoice" ? "invoices" : $"records of {report.Entity}";
        // The search for them was cut short.
        if (results.Total > 0 || report.Run.Status != RunStatus.Cancelled)
            RunSummary.Line(
                console, Invariant($"{results.Total:N0} {what} in the range: {results.Synced:N0} synced, {results.Skipped:N0} with nothing to write, ")
                + Invariant($"{results.Failed:N0} {(report.Run.Status == RunStatus.Cancelled ? "not reached or failed" : "failed")}"));
        Close(0, results.Errors, report.Run, next, console);
    }

    /// <summary>Prints what follows the records of a result: how many are not listed, what went wrong, and the run in one line.</summary>
    public static void Close(int records, IEnumerable<SyncTrouble> troubles, RunReport run, NextSteps next, IAnsiConsole console)
    {
        if (records > MostRows)
            RunSummary.Line(console, Invariant($"and {records - MostRows} more; all of them with --output json"));
        var named = troubles.ToList();
        RunSummary.Lines(console, "warning", [.. named.Where(t => t.Severity == Severity.Warning).Select(t => t.Message), .. run.Warnings]);
        RunSummary.Lines(
            Terminal.Error, "error",
            [.. named.Where(t => t.Severity == Severity.Error).Select(t => t.Message).Concat(run.Errors.Select(next.Text)).Distinct()]);
        RunSummary.Close(run, next, console);
    }

    private static string Result(RecordResult result, string entity) =>
        !result.Success ? "failed" : !result.IsSkipped ? "synced"
        : result.Errors.Any(e => e.Code == ErrorCode.Conflict && e.Entity == entity) ? "kept" : "up to date";
}
