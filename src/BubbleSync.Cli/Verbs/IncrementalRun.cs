using System.CommandLine;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli.Verbs;

/// <summary>One incremental sync, and its options: <c>sync incremental</c> runs one, <c>watch</c> one after another.</summary>
internal static class IncrementalRun
{
    private static readonly Option<string[]> Entity = EntityOption.Create();
    private static readonly Option<PruneMode> Prune = PruneOption.Create();
    private static readonly Option<Limit?> PruneLimit = PruneOption.Limit();
    private static readonly Option<long?> MaxCalls = NumberOption.Optional(
        "--max-calls", "Send no more requests than this; a resync finds what is not found by then", 1);

    /// <summary>Adds its options to a command.</summary>
    public static void AddOptionsTo(Command command)
    {
        foreach (var option in new Option[] { Entity, Prune, PruneLimit, MaxCalls })
            command.Options.Add(option);
        command.Validators.Add(given => PruneOption.Check(given, Prune, PruneLimit));
    }

    /// <summary>Runs it and returns its exit code.</summary>
    /// <param name="context">Where it prints.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="printsReport">Whether the result goes to stdout; errors always go to stderr.</param>
    /// <param name="token">Interrupts it.</param>
    public static Task<int> RunAsync(CommandContext context, ParseResult parsed, bool printsReport, CancellationToken token)
    {
        var options = new IncrementalOptions
        {
            Entities = parsed.GetValue(Entity)!,
            Prune = parsed.GetValue(Prune),
            PruneLimitPercent = parsed.GetValue(PruneLimit)?.Number ?? new IncrementalOptions().PruneLimitPercent,
            MaxCalls = parsed.GetValue(MaxCalls),
        };
        return context.RunAsync("incremental", async engine =>
        {
            var report = await context.ShowAsync(progress => engine.SyncIncrementalAsync(options, progress, token));
            if (printsReport)
                return context.Print(report);

            context.PrintErrors(report);
            return ExitCode.Of(report);
        }, token);
    }
}
