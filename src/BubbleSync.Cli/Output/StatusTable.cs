using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Spectre.Console;
using static System.FormattableString;

namespace BubbleSync.Cli.Output;

/// <summary>The state of the mirror: a table with a light for each entity, the reasons, and what to do.</summary>
internal static class StatusTable
{
    private const int MostLines = 20;
    private const int SecondsOfMinute = 60;
    private const int SecondsOfHour = 3600;
    private const int SecondsOfDay = 86_400;

    /// <summary>Prints a status.</summary>
    public static void Print(StatusReport report, NextSteps next, IAnsiConsole console)
    {
        Table(report.Entities).Print(console);
        // Why Bubble did not count is printed as an error, once for all entities.
        var lines = report.Findings.Select(f => $"{Word.Of(f.Light)}: {f.Message}")
            .Concat(report.Entities.SelectMany(e => e.Findings.Where(f => f.Finding != StatusFindingKind.NotCounted)
                .Select(f => $"{Word.Of(f.Light)}: {e.Name}: {f.Message}"))).ToList();
        foreach (var line in lines.Take(MostLines))
            RunSummary.Line(console, line);
        if (lines.Count > MostLines)
            RunSummary.Line(console, Invariant($"and {lines.Count - MostLines} more; all of them with --output json"));
        RunSummary.Line(console, Closing(report));
        foreach (var action in report.NextActions)
            RunSummary.Line(console, next.Line(action));
    }

    /// <summary>Prints the watermarks that were set back.</summary>
    public static void Print(WatermarkResetReport report, NextSteps next, IAnsiConsole console)
    {
        foreach (var entity in report.Entities)
            RunSummary.Line(console, $"{entity.Name}: watermark set back from {Time(entity.From)} to {Time(entity.To)}");
        RunSummary.Line(console, next.Line(new NextAction(NextActionKind.SyncChanges, "reads from there")
        {
            Entities = [.. report.Entities.Select(e => e.Name)],
        }));
    }

    private static ReportTable Table(IReadOnlyList<EntityStatus> entities)
    {
        var table = new ReportTable().Words("entity", "state").Numbers("rows", "in Bubble").Words("watermark", "age", "last run")
            .Numbers("rejected", "missing links", "to fill", "drift").Prose("last run").Paint("state", StyleOf);
        foreach (var e in entities)
        {
            table.Row(
                e.Name, Word.Of(e.Light), Count(e.Rows), Count(e.InBubble), e.Watermark is { } mark ? Time(mark) : "-", Age(e.WatermarkAge), Run(e.LastRun),
                e.Rejected, e.MissingLinks, e.Unfilled.Count, e.MissingColumns.Count + e.UnreadFields.Count);
        }

        return table;
    }

    private static Style StyleOf(string light) => light switch
    {
        "act" => new Style(Color.Red, decoration: Decoration.Bold),
        "look" => new Style(Color.Yellow),
        _ => new Style(Color.Green),
    };

    private static string Closing(StatusReport report)
    {
        var (act, look) = (Of(report, StatusLight.Act), Of(report, StatusLight.Look));
        return $"status: {Word.Of(report.Light)}: of {Counted.Of(report.Entities.Count, "entity", "entities")}, "
            + Invariant($"{act} {(act == 1 ? "needs" : "need")} a hand, ")
            + Invariant($"{look} {(look == 1 ? "is" : "are")} worth a look{(report.Findings.Count > 0 ? "; patches failed" : "")}");
    }

    private static int Of(StatusReport report, StatusLight light) => report.Entities.Count(e => e.Light == light);

    private static string Run(StatusRun? run) => run is null ? "-" : $"{Word.Of(run.Kind)} {(run.Died ? "died" : Word.Of(run.Status))}";

    private static object Count(long? number) => number is { } known ? known : "-";

    private static string Age(long? seconds) => seconds switch
    {
        null => "-",
        < SecondsOfMinute => Invariant($"{Math.Max(0, seconds.Value)} s"),
        < SecondsOfHour => Invariant($"{seconds / SecondsOfMinute} min"),
        < 2 * SecondsOfDay => Invariant($"{seconds / SecondsOfHour} h"),
        _ => Invariant($"{seconds / SecondsOfDay} days"),
    };

    private static string Time(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
