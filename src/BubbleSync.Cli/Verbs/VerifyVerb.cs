using System.CommandLine;
using System.CommandLine.Parsing;
using BubbleSync.Cli.Notify;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>verify</c>: Bubble against PostgreSQL, record by record.</summary>
internal static class VerifyVerb
{
    private static readonly Option<string[]> Entity = EntityOption.Create();
    private static readonly Option<DateTimeOffset> Since = MomentOption.Create(
        "--since", "Only records modified since this time (ISO 8601); a date alone means 00:00 UTC", isEnd: false);
    private static readonly Option<Limit?> Sample = LimitOption.Create(
        "--sample", "Only about this number or part of the records of each entity, evenly over its history", percentOnly: false);
    private static readonly Option<bool> Counts = new("--counts")
    {
        Description = "Only compare numbers of records, by Created Date; read and compare records where these differ",
    };
    private static readonly Option<bool> Strict = new("--strict")
    {
        Description = "Report a value as a difference if it is kept here but Bubble no longer sends it",
    };
    private static readonly OutputFileOption Csv = new("--csv", "Write every difference to this file as CSV");
    private static readonly Option<bool> Excel = ExcelOption.Create();

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("verify", "Compare Bubble with PostgreSQL, record by record; change nothing")
        {
            Entity, Since, Sample, Counts, Strict, Csv, Excel,
        };
        ExcelOption.RequireFile(command, Excel, Csv);
        command.Validators.Add(Check);
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed) { Notifies = true };
            return context.RunAsync("verify", async engine =>
            {
                var report = await context.ShowAsync(progress => engine.VerifyAsync(Options(parsed), progress, token), StopNotice.Comparison);
                context.PrintErrors(report.Run);
                // A comparison that stopped leaves the file as it was.
                var csv = report.Run.Status is RunStatus.Succeeded or RunStatus.Partial ? parsed.GetValue(Csv) : null;
                context.Print(report.ToJson, console => VerifySummary.Print(report, csv, context.Next, console), csv);
                return ExitCode.Of(report.Run, report.Success);
            }, token);
        });
        return NotifyOptions.AddTo(command);
    }

    private static VerifyOptions Options(ParseResult parsed) => new()
    {
        Entities = parsed.GetValue(Entity)!,
        Since = parsed.GetResult(Since) is { Implicit: false } ? parsed.GetValue(Since) : null,
        Sample = parsed.GetValue(Sample),
        ByCounts = parsed.GetValue(Counts),
        Strict = parsed.GetValue(Strict),
        CsvFile = parsed.GetValue(Csv),
        Excel = parsed.GetValue(Excel),
    };

    private static void Check(CommandResult command)
    {
        bool IsGiven(Option option) => command.GetResult(option) is { Implicit: false };
        if (IsGiven(Since) && IsGiven(Sample))
            command.AddError("--sample cannot go with --since: what was modified since a moment is read as a whole. Leave one of them out.");
        if (IsGiven(Counts) && (IsGiven(Since) || IsGiven(Sample) || IsGiven(Strict)))
            command.AddError("--counts compares numbers of records, all of them and no values. Leave --since, --sample and --strict out.");
        // A value that does not parse has its own error, and must not be asked for here.
        var sample = command.GetResult(Sample)?.Tokens is [{ Value: var text }] ? LimitOption.Read(text, percentOnly: false) : null;
        if (sample is { Number: <= 0 } or { IsPercent: false, Number: < 1 } or { IsPercent: true, Number: > 100 })
            command.AddError($"--sample {sample} compares nothing. Give a number from 1 on, or a part above 0%, up to 100%.");
    }
}
