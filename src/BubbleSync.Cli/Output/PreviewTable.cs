using BubbleSync.Etl.Reports;
using Spectre.Console;
using static System.FormattableString;

namespace BubbleSync.Cli.Output;

/// <summary>Records as they would be stored: a table for each, with a line for each column.</summary>
internal static class PreviewTable
{
    private const int LongestValue = 100;

    /// <summary>Prints the records.</summary>
    public static void Print(PreviewReport report, IAnsiConsole console)
    {
        foreach (var (index, record) in report.Records.Index())
        {
            RunSummary.Line(console, Invariant($"record {index + 1} of {report.Records.Count}: {record.BubbleId ?? "without a usable _id"}"));
            foreach (var reject in record.Rejected)
                RunSummary.Line(console, $"would be rejected: '{reject.BubbleField}': {reject.Reason}");
            if (record.Values.Count == 0)
                continue;

            var table = new ReportTable().Words("column", "type", "value").Prose("value");
            foreach (var column in report.Columns.Where(c => record.Values.ContainsKey(c.Name)))
                table.Row(column.Name, column.Type, Short(record.Values[column.Name]));
            table.Print(console);
        }

        RunSummary.Lines(console, "warning", report.Warnings);
        RunSummary.Line(console, report.Records.Count == 0
            ? $"Bubble has no record of {report.Entity}."
            : $"As they would be stored in table {report.Table}; columns without a field in the record are left out. Nothing was written.");
    }

    private static string Short(string? value) => value switch
    {
        null => "NULL",
        { Length: > LongestValue } => $"{value[..LongestValue]}…",
        _ => value,
    };
}
