using System.Globalization;
using BubbleSync.Etl;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>What a verification found, to be understood in ten seconds.</summary>
internal static class VerifySummary
{
    private const int MostLines = 20;

    /// <summary>Prints the counts, the first differences, and what it came to.</summary>
    public static void Print(VerifyReport report, string? csv, IAnsiConsole console)
    {
        if (report.Entities.Count > 0)
            console.Write(Table(report.Entities));
        foreach (var difference in report.Differences.Take(MostLines))
            RunSummary.Line(console, Line(difference));
        if (report.Differences.Count > MostLines)
            RunSummary.Line(console, $"and more; all of them {(csv is null ? "with --csv FILE" : $"in {csv}")}");

        RunSummary.Lines(console, "warning", report.Warnings);
        RunSummary.PrintErrors(report.Errors);
        RunSummary.Line(console, Closing(report));
    }

    private static Table Table(IEnumerable<VerifiedEntity> entities)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("entity");
        foreach (var head in new[] { "compared", "equal", "missing", "extra", "older", "newer", "differs", "rejected" })
            table.AddColumn(new TableColumn(head) { Alignment = Justify.Right });
        table.AddColumn("complete");
        foreach (var e in entities)
            table.AddRow([Markup.Escape(e.Name), .. new[] { e.Compared, e.Equal, e.Missing, e.Extra, e.Older, e.Newer, e.Differs, e.Rejected }.Select(Number), Markup.Escape(RunSummary.Proof(e.Proof))]);
        return table;
    }

    private static string Line(VerifiedDifference difference)
    {
        var id = difference.BubbleId.Length > 0 ? difference.BubbleId : "(without a usable id)";
        var field = difference.BubbleField.Length > 0 ? $": '{difference.BubbleField}'{(difference.Column.Length > 0 ? $" in {difference.Column}" : "")}" : "";
        return $"{difference.Verdict}: {difference.Entity} {id}{field}";
    }

    private static string Closing(VerifyReport report)
    {
        var (compared, unequal) = (report.Entities.Sum(e => e.Compared), report.Entities.Sum(e => e.Compared - e.Equal + e.Extra));
        var word = report.Run.Status is "failed" or "cancelled" ? report.Run.Status : unequal > 0 ? $"{Number(unequal)} records differ" : report.Success ? "all equal" : "no difference, but not everything was read";
        var rate = report.Run.DurationMs > 0 ? compared * 1000 / report.Run.DurationMs : compared;
        return string.Create(CultureInfo.InvariantCulture, $"verify: {word}: {compared:N0} records compared in {report.Run.DurationMs / 1000.0:0.0} s ({rate:N0} a second), {report.Run.Api.Calls:N0} calls. Run {report.RunId}");
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
