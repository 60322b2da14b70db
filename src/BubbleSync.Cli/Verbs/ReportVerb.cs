using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>report</c>: a run and the mirror's state as a web page and as a workbook.</summary>
internal static class ReportVerb
{
    private static readonly Argument<string> Run = new("RUN")
    {
        Description = "A run's id, the beginning of it, or 'last'",
        DefaultValueFactory = _ => "last",
    };

    private static readonly OutputFileOption Html = new("--html", "Write a web page: a summary in words, charts and tables");
    private static readonly OutputFileOption Xlsx = new("--xlsx", "Write a workbook for Excel and LibreOffice: a summary and a sheet for each kind of finding");
    private static readonly Option<bool> Utc = new("--utc") { Description = "Write the times in the files in UTC instead of the local time zone" };

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("report", "Write a run and the state of the mirror to files for people; do not ask Bubble") { Run, Html, Xlsx, Utc };
        command.Validators.Add(given => given.Require(Utc, "the times in a file", Html, Xlsx));
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            return context.RunAsync(
                "report",
                async engine =>
                {
                    var report = await engine.ReportAsync(Options(parsed), token);
                    return context.Print(report.ToJson, console => MirrorSummary.Print(report, console), report.HtmlFile, report.XlsxFile);
                },
                token);
        });
        return command;
    }

    private static ReportOptions Options(ParseResult parsed) => new()
    {
        Run = parsed.GetValue(Run)!,
        HtmlFile = parsed.GetValue(Html),
        XlsxFile = parsed.GetValue(Xlsx),
        TimeZone = parsed.GetValue(Utc) ? TimeZoneInfo.Utc : TimeZoneInfo.Local,
    };
}
