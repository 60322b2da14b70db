using System.Globalization;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>Earlier runs as text: a table of runs; lines for long lists.</summary>
internal static class RunTables
{
    /// <summary>Prints a table of runs.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="isChosen">Whether only some were to be listed.</param>
    /// <param name="console">Where to.</param>
    public static void Print(IReadOnlyList<RunListing> runs, bool isChosen, IAnsiConsole console)
    {
        if (runs.Count == 0)
        {
            console.WriteLine(isChosen ? "There is no such run." : "There is no run yet.");
            return;
        }

        var table = new ReportTable().Words("run", "kind", "status", "started", "took").Numbers("extracted", "inserted", "updated", "rejected")
            .Prose("status").Shorten("run", NextSteps.IdLength);
        foreach (var run in runs)
            table.Row($"{run.RunId}", Word.Of(run.Kind), (run.Died ? "died" : Word.Of(run.Status)) + (run.DryRun ? " (dry run)" : "")
                + (run.Conclusion is { } found ? $": {found}" : ""), Time(run.StartedAt), Took(run), run.Extracted, run.Inserted, run.Updated, run.Rejected);
        table.Print(console);
    }

    /// <summary>Prints log lines.</summary>
    public static async Task PrintAsync(IAsyncEnumerable<ActivityLine> lines, TextWriter writer, CancellationToken cancellationToken)
    {
        var isEmpty = true;
        await foreach (var line in lines.WithCancellation(cancellationToken))
        {
            writer.WriteLine($"{Time(line.At)} {Word.Of(line.Level),-7} {Word.Of(line.Stage),-9} {Said(line)}");
            isEmpty = false;
        }

        if (isEmpty)
            writer.WriteLine("There is no such line in the log of this run.");
    }

    /// <summary>Prints rejects, without the records.</summary>
    public static async Task PrintAsync(IAsyncEnumerable<RejectedField> rejected, TextWriter writer, CancellationToken cancellationToken)
    {
        var isEmpty = true;
        await foreach (var field in rejected.WithCancellation(cancellationToken))
        {
            writer.WriteLine($"{field.Entity} {field.BubbleId ?? "(without a usable id)"}: '{field.Field}': {field.Reason}");
            isEmpty = false;
        }

        if (isEmpty)
            writer.WriteLine("Nothing was rejected in this run.");
    }

    // Many messages name their entity themselves.
    private static string Said(ActivityLine line)
    {
        var entity = line.Entity is { } name && !line.Message.StartsWith(name, StringComparison.Ordinal) ? $"{name} " : "";
        return line.BubbleId is null ? (entity.Length == 0 ? line.Message : $"{line.Entity}: {line.Message}") : $"{entity}{line.BubbleId}: {line.Message}";
    }

    private static string Took(RunListing run) =>
        run.FinishedAt is { } end ? $"{(end - run.StartedAt).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s" : "";

    private static string Time(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
