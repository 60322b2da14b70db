using System.Globalization;
using BubbleSync.Etl;
using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>A run's result, to be understood in ten seconds.</summary>
internal static class RunSummary
{
    private const int MostLines = 10;

    /// <summary>Prints it.</summary>
    public static void Print(RunReport report, IAnsiConsole console)
    {
        var isComparison = report.Kind is "verify" or "audit values";
        if (report.Entities.Any(e => e.Proof is not null))
            (isComparison ? Compared(report) : Entities(report.Entities)).Print(console);
        foreach (var entity in report.Entities.Where(_ => !isComparison))
        {
            if (entity.Proof is { } proof && (proof.Read > 0 || proof.CountedBefore is not null))
                Line(console, Receipt(entity, proof));
        }

        if (report.Patches.Count > 0)
            Patches(report.Patches).Print(console);

        Lines(console, "warning", report.Warnings);
        Close(report, console);
    }

    /// <summary>Prints a line as it is: a terminal wraps it by itself, and in a pipe one thing said stays one line.</summary>
    public static void Line(IAnsiConsole console, string line) => console.Profile.Out.Writer.WriteLine(line);

    private static FittedTable Entities(IReadOnlyList<EntityReport> entities)
    {
        var table = new FittedTable(
            new("entity"), FittedColumn.Number("extracted", 3), FittedColumn.Number("inserted"), FittedColumn.Number("updated"), FittedColumn.Number("unchanged", 4), FittedColumn.Number("conflicts", 2),
            FittedColumn.Number("rejected", 1), FittedColumn.Number("missing links", 5), FittedColumn.Number("not in Bubble", 6), new("complete", 9) { IsProse = true });
        foreach (var e in entities)
        {
            table.Add(
                e.Name, Number(e.Extracted), Number(e.Inserted), Number(e.Updated), Number(e.Unchanged), Number(e.Conflicts),
                Number(e.Rejected), Number(e.MissingLinks), Number(e.NotInBubble), Proof(e.Proof));
        }

        return table;
    }

    // What is kept of a comparison: an entity's records, and how many of them are as they should be.
    private static FittedTable Compared(RunReport report)
    {
        var isVerify = report.Kind == "verify";
        var table = new FittedTable([
            new("entity"), FittedColumn.Number("compared"), .. isVerify ? new[] { FittedColumn.Number("equal", 2), FittedColumn.Number("not equal"), FittedColumn.Number("extra", 1) } : [FittedColumn.Number("rejected")],
            new("complete", 9) { IsProse = true }]);
        foreach (var e in report.Entities)
            table.Add([e.Name, Number(e.Extracted), .. isVerify ? new[] { Number(e.Unchanged), Number(e.Extracted - e.Unchanged), Number(e.NotInBubble) } : [Number(e.Rejected)], Proof(e.Proof)]);
        return table;
    }

    private static FittedTable Patches(IReadOnlyList<PatchReport> patches)
    {
        var table = new FittedTable(new("patch"), FittedColumn.Number("rows", 1), new("status") { IsProse = true });
        foreach (var patch in patches)
            table.Add(patch.Name, Number(patch.Rows), patch.Error is null ? patch.Status : $"{patch.Status}: {patch.Error}");
        return table;
    }

    /// <summary>Prints a run's errors, on stderr whatever the form of the result.</summary>
    public static void PrintErrors(IReadOnlyList<SyncError> errors) => Lines(Terminal.Error, "error", errors.Select(e => e.Message).ToList());

    /// <summary>Prints the first lines of a kind.</summary>
    public static void Lines(IAnsiConsole console, string word, IReadOnlyList<string> lines)
    {
        foreach (var line in lines.Take(MostLines))
            Line(console, $"{word}: {line}");
        if (lines.Count > MostLines)
            Line(console, $"{word}: and {lines.Count - MostLines} more; all of them with --output json");
    }

    /// <summary>Prints a run in one line, and what to do next.</summary>
    public static void Close(RunReport report, IAnsiConsole console)
    {
        Line(console, Closing(report));
        foreach (var step in NextSteps.After(report))
            Line(console, step);
    }

    /// <summary>A run in one line.</summary>
    private static string Closing(RunReport report)
    {
        var records = report.Entities.Sum(e => e.Extracted);
        if (report.Status == "running")
            return $"{report.Kind} under way since {report.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss'Z'}: {Records(records)} of entities that are done. Run {report.RunId}";

        // What an earlier attempt had read took none of this one's time.
        var read = Math.Min(report.Read ?? records, records);
        var rate = report.DurationMs > 0 ? read * 1000 / report.DurationMs : read;
        var dry = report.DryRun ? " (dry run: nothing was changed)" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Kind} {report.Status}{(report.Conclusion is { } found ? $": {found}" : "")}{dry}: {(read < records ? $"{Number(read)} of {Records(records)} read" : Records(records))} in {report.DurationMs / 1000.0:0.0} s ({rate:N0} a second), {report.Api.Calls:N0} calls, {report.Api.Retries} retries, {report.Api.Throttled} throttled. Run {report.RunId?.ToString() ?? "-"}");
    }

    /// <summary>How sure it is that everything was read; where that was not asked for, what was.</summary>
    public static string Proof(EntityProof? proof) => proof switch
    {
        null => "-",
        { Part: { } part } => $"only {part}",
        { IsComplete: true, Windows: 0 } => "proved",
        { IsComplete: true } => $"proved, {proof.Windows} window{(proof.Windows == 1 ? "" : "s")}",
        _ => "not proved",
    };

    // In one line: what Bubble counted, what was read, what was stored, and that it is the same.
    private static string Receipt(EntityReport entity, EntityProof proof) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(proof.Part is { } part ? $"part: {entity.Name}: only {part}, " : $"proof: {entity.Name}: {(proof is { CountedBefore: null, CountedAfter: null } ? "" : $"counted {Count(proof.CountedBefore)} before and {Count(proof.CountedAfter)} after, ")}")}{proof.Read:N0} read, {proof.Staged:N0} staged, {entity.Extracted - entity.Rejected:N0} merged, {entity.Rejected:N0} rejected, checksum {proof.ChecksumRead} {(proof.ChecksumRead == proof.ChecksumStored ? "as stored" : $"but {proof.ChecksumStored} stored")}");

    private static string Records(long number) => $"{Number(number)} record{(number == 1 ? "" : "s")}";

    private static string Count(long? number) => number is { } known ? Number(known) : "?";

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
