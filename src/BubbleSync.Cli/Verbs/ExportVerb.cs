using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Spectre.Console;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>export dbt</c>: the tables as a source for dbt.</summary>
internal static class ExportVerb
{
    private static readonly Option<string?> Out = new("--out")
    {
        Description = "The folder in which sources.yml is written; without it, the text goes to stdout",
        HelpName = "FOLDER",
    };

    private static readonly Option<string> Source = new("--source")
    {
        Description = "The name of the source in dbt",
        HelpName = "NAME",
        DefaultValueFactory = _ => new DbtOptions().SourceName,
    };

    private static readonly Option<TimeSpan?> WarnAfter = DurationOption.Optional(
        "--warn-after", "The age of the last verified reading from which dbt warns: 30m, 2h, 1d (the default)");

    private static readonly Option<TimeSpan?> ErrorAfter = DurationOption.Optional(
        "--error-after", "The age from which dbt reports an error; twice that of the warning by default");

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var dbt = new Command("dbt", "Write sources.yml for dbt from the maps: descriptions, freshness, and tests of keys, dates and links")
        {
            Out, Source, WarnAfter, ErrorAfter,
        };
        dbt.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            return context.RunWithoutDatabaseAsync(
                "export",
                async engine =>
                {
                    var report = await engine.ExportDbtAsync(Options(parsed), token);
                    return context.Print(report.ToJson, console => Print(report, console), report.File);
                },
                token);
        });
        return new Command("export", "Write files for other tools; ask neither Bubble nor the database") { dbt };
    }

    private static DbtOptions Options(ParseResult parsed)
    {
        var options = new DbtOptions { Folder = parsed.GetValue(Out), SourceName = parsed.GetValue(Source)!, ErrorAfter = parsed.GetValue(ErrorAfter) };
        return parsed.GetValue(WarnAfter) is { } warn ? options with { WarnAfter = warn } : options;
    }

    // As it is: a console would break its lines.
    private static void Print(DbtReport report, IAnsiConsole console)
    {
        if (report.Text is { } text)
            Console.Out.Write(text);
        else
            RunSummary.Line(console, $"{Counted.Of(report.Tables, "table")} with {Counted.Of(report.Tests, "test")}.");
    }
}
