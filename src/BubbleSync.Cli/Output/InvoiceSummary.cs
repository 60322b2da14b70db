using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Spectre.Console;
using static System.FormattableString;

namespace BubbleSync.Cli.Output;

/// <summary>Outcomes of invoices.</summary>
internal static class InvoiceSummary
{
    private const int MostRows = 50;

    /// <summary>Prints the result of <c>sync invoice</c>.</summary>
    public static void Print(InvoiceSyncReport report, NextSteps next, IAnsiConsole console)
    {
        var table = new ReportTable().Words("invoice", "result").Numbers("agent", "customer", "users", "payments", "submitted", "items", "SEDA")
            .Spare("SEDA", "items", "submitted", "payments", "users", "customer", "agent");
        foreach (var result in report.Results.Take(MostRows))
        {
            var s = result.Stats;
            table.Row(result.InvoiceId, Result(result), s.Agent, s.Customer, s.User, s.Payments, s.SubmittedPayments, s.InvoiceItems, s.Seda);
        }

        table.Print(console);
        if (report.Results.Count > MostRows)
            RunSummary.Line(console, Invariant($"and {report.Results.Count - MostRows} more; all of them with --output json"));
        Troubles(report.Results.SelectMany(r => r.Errors), report.Run, next, console);
    }

    /// <summary>Prints the result of <c>sync range</c>.</summary>
    public static void Print(RangeSyncReport report, NextSteps next, IAnsiConsole console)
    {
        var results = report.Results;
        RunSummary.Line(console, Invariant($"{results.Total} invoices in the range: {results.Synced} synced, {results.Skipped} with nothing to write, ")
            + Invariant($"{results.Failed} failed"));
        Troubles(results.Errors, report.Run, next, console);
    }

    private static void Troubles(IEnumerable<SyncTrouble> troubles, RunReport run, NextSteps next, IAnsiConsole console)
    {
        var named = troubles.ToList();
        RunSummary.Lines(console, "warning", [.. named.Where(t => t.Severity == Severity.Warning).Select(t => t.Message), .. run.Warnings]);
        RunSummary.Lines(
            Terminal.Error, "error",
            [.. named.Where(t => t.Severity == Severity.Error).Select(t => t.Message).Concat(run.Errors.Select(next.Text)).Distinct()]);
        RunSummary.Close(run, next, console);
    }

    private static string Result(InvoiceResult result) =>
        !result.Success ? "failed" : result.Steps is not [{ Action: InvoiceAction.Skip }] ? "synced" : result.Errors.Any(e =>
            e is { Code: ErrorCode.Conflict, Entity: "invoice" }) ? "kept" : "up to date";
}
