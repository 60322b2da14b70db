using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>Outcomes of invoices.</summary>
internal static class InvoiceSummary
{
    /// <summary>Prints the result of <c>sync invoice</c>.</summary>
    public static void Print(InvoiceSyncReport report, NextSteps next, IAnsiConsole console)
    {
        var table = new ReportTable().Words("invoice", "result").Numbers("agent", "customer", "users", "payments", "submitted", "items", "SEDA");
        foreach (var result in report.Results.Take(RecordSummary.MostRows))
        {
            var s = result.Stats;
            table.Row(result.InvoiceId, Result(result), s.Agent, s.Customer, s.User, s.Payments, s.SubmittedPayments, s.InvoiceItems, s.Seda);
        }

        table.Print(console);
        RecordSummary.Close(report.Results.Count, report.Results.SelectMany(r => r.Errors), report.Run, next, console);
    }

    private static string Result(InvoiceResult result) =>
        !result.Success ? "failed" : result.Steps is not [{ Action: InvoiceAction.Skip }] ? "synced" : result.Errors.Any(e =>
            e is { Code: ErrorCode.Conflict, Entity: "invoice" }) ? "kept" : "up to date";
}
