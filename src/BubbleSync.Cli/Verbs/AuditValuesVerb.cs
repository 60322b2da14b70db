using System.CommandLine;
using System.CommandLine.Parsing;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>audit values</c>: what Bubble sent, what it becomes and what is stored, value by value.</summary>
internal static class AuditValuesVerb
{
    private static readonly Option<string[]> Entity = EntityOption.Create();
    private static readonly Option<DateTimeOffset> Since = MomentOption.Create(
        "--since", "Only records modified since this time (ISO 8601); a date alone means 00:00 UTC", isEnd: false);
    private static readonly Option<ValueVerdict?> Only = ChoiceOption.Optional<ValueVerdict>("--only", "Only rows of this verdict");
    private static readonly OutputFileOption Csv = new("--csv", "Write the rows to this file instead of stdout; compress it if its name ends in .gz");
    private static readonly Option<bool> Excel = ExcelOption.Create();
    private static readonly Option<bool> Formulas = new("--formulas") { Description = "Do not change texts that a spreadsheet would read as formulas" };

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("values", "Write the sent, the mapped and the stored value of each mapped field "
            + "of each record") { Entity, Since, Only, Csv, Excel, Formulas };
        command.Validators.Add(Check);
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            return context.RunAsync("audit values", async engine =>
            {
                await using var output = Console.OpenStandardOutput();
                var report = await context.ShowAsync(
                    progress => engine.AuditValuesAsync(Options(parsed, output) with { Json = context.IsJson }, progress, token),
                    StopNotice.Comparison);
                Print(report, context, parsed.GetValue(Csv));
                return ExitCode.Of(report.Run) is var code && code == ExitCode.Partial ? ExitCode.Done : code;
            }, token);
        });
        return command;
    }

    private static ValueAuditOptions Options(ParseResult parsed, Stream? output) => new()
    {
        Entities = parsed.GetValue(Entity)!,
        Since = parsed.GetResult(Since) is { Implicit: false } ? parsed.GetValue(Since) : null,
        Only = parsed.GetValue(Only),
        Formulas = parsed.GetValue(Formulas),
        CsvFile = parsed.GetValue(Csv),
        Excel = parsed.GetValue(Excel),
        Output = output,
    };

    private static void Check(CommandResult command)
    {
        if (command.IsGiven(Excel) && command.IsGiven(Formulas))
            command.AddError("--excel keeps formulas as texts, --formulas leaves them as formulas. Leave one of them out.");
        foreach (var option in new[] { Excel, Formulas }.Where(o => CommonOptions.IsJsonOf(command) && command.GetResult(Csv) is null && command.IsGiven(o)))
        {
            command.AddError(
                $"{option.Name} is about CSV, but --output json writes the rows as JSON. Name a file with --csv FILE, or leave {option.Name} out.");
        }
    }

    // Without a file stdout carries the rows and nothing else.
    private static void Print(ValueAuditReport report, CommandContext context, string? csv)
    {
        context.PrintErrors(report.Run);
        if (csv is not null)
            context.Print(report.ToJson, console => ValueSummary.Print(report, csv, console));
        else if (!context.IsJson && !context.IsQuiet)
            ValueSummary.Print(report, csv, Terminal.Error);
    }
}
