using System.CommandLine;
using System.CommandLine.Parsing;
using BubbleSync.Cli.Notify;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>resync</c>: the full history.</summary>
internal static class ResyncVerb
{
    private static readonly Option<string[]> Entity = EntityOption.Create();
    private static readonly Option<bool> Force = new("--force") { Description = "Overwrite rows even if they were edited here or are newer" };
    private static readonly Option<bool> Backfill = new("--backfill")
    {
        Description = "Only fill columns that a map gained, where they are NULL, whatever the dates; write nothing else",
    };
    private static readonly Option<string?> Resume = new("--resume")
    {
        Description = "Resume a run that ended early: the last one, or the one named; verified windows are not read again",
        HelpName = "RUN",
        Arity = ArgumentArity.ZeroOrOne
    };
    private static readonly Option<PruneMode> Prune = PruneOption.Create();
    private static readonly Option<Limit?> PruneLimit = PruneOption.Limit();
    private static readonly Option<Limit?> MaxRejects = LimitOption.Create(
        "--max-rejects", "Stop before further merges if more records than this number or part are rejected", percentOnly: false);
    private static readonly Option<long?> MaxCalls = NumberOption.Optional(
        "--max-calls", "Send no more requests than this; the run stops and can be resumed", 1);
    private static readonly Option<long?> Most = NumberOption.Optional(
        "--limit", "Read only the newest N records of each entity, for a first look; nothing is verified or pruned", 1);
    private static readonly Option<bool> Create = new("--create") { Description = "Create all tables first, if no table of any entity exists" };
    private static readonly Option<bool> Plan = new("--plan") { Description = "Report what it would read, write and cost, and end" };
    private static readonly Option<bool> AcceptSource = new("--accept-source")
    {
        Description = "Accept a new address of the same app if a sample of the stored ids exists there",
    };
    private static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "Do everything in a transaction that is rolled back; print what would change"
    };

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("resync", "Read and merge all records of all or the named entities")
        {
            Entity, Create, Most, Force, Backfill, Plan, DryRun, Resume, Prune, PruneLimit, MaxRejects, MaxCalls, AcceptSource,
        };
        command.Validators.Add(Check);
        // The first Ctrl-C asks the run to stop early; a second one ends the program.
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed) { Notifies = !parsed.GetValue(Plan) };
            if (parsed.GetValue(Plan))
                return PlanVerb.RunAsync(context, parsed.GetValue(Entity)!, token);

            return context.RunAsync(
                "resync",
                async engine => context.Print(await context.ShowAsync(
                    progress => engine.ResyncAsync(Options(parsed) with { Drain = token }, progress, CancellationToken.None), Ending(parsed))),
                token);
        });
        return NotifyOptions.AddTo(command);
    }

    /// <summary>Returns what the run says at the first Ctrl-C.</summary>
    public static string Ending(ParseResult parsed) =>
        parsed.GetValue(DryRun) ? StopNotice.DryRun : parsed.GetValue(Most) is not null ? StopNotice.FirstLook : StopNotice.Resync;

    private static ResyncOptions Options(ParseResult parsed) => new()
    {
        Entities = parsed.GetValue(Entity)!,
        Force = parsed.GetValue(Force),
        Backfill = parsed.GetValue(Backfill),
        MostRecords = parsed.GetValue(Most),
        Create = parsed.GetValue(Create),
        DryRun = parsed.GetValue(DryRun),
        Resume = parsed.GetResult(Resume) is not null,
        ResumeRun = parsed.GetValue(Resume),
        Prune = parsed.GetValue(Prune),
        PruneLimitPercent = parsed.GetValue(PruneLimit)?.Number ?? new ResyncOptions().PruneLimitPercent,
        MaxRejects = parsed.GetValue(MaxRejects),
        MaxCalls = parsed.GetValue(MaxCalls),
        AcceptSource = parsed.GetValue(AcceptSource),
    };

    // A resumed run keeps its options; otherwise only half of its entities would be forced.
    private static void Check(CommandResult command)
    {
        Option[] ofRuns = [Create, Most, Force, Backfill, DryRun, Prune, PruneLimit, MaxRejects, MaxCalls, AcceptSource, .. NotifyOptions.Settings.Keys];
        command.Exclude(Plan, "reports what a resync of the entities reads and ends", ofRuns);
        if (command.GetResult(Prune)?.Tokens is not [{ Value: "none" }])
            command.Exclude(Most, "reads only a part and prunes nothing", Backfill, Prune, PruneLimit);
        PruneOption.Check(command, Prune, PruneLimit);
        command.Exclude(Backfill, "fills columns that are NULL and writes nothing else", Force, Prune, PruneLimit);
        command.Exclude(DryRun, "changes nothing", Create);
        if (command.GetResult(Resume) is null)
            return;

        Option[] fixedAtStart = [Entity, Create, Most, Force, Backfill, Plan, DryRun, Prune, PruneLimit];
        foreach (var option in fixedAtStart.Where(o => command.GetResult(o) is { Implicit: false }))
            command.AddError(
                $"{option.Name} cannot go with --resume: the run goes on with the options it was begun with. Leave it out, or start anew without --resume.");
    }
}
