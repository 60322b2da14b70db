using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;
using BubbleSync.Cli.Output;
using BubbleSync.Cli.Verbs;
using BubbleSync.Etl;
using BubbleSync.Etl.Words;

namespace BubbleSync.Cli;

/// <summary>The program: parses the words, runs the verb, returns the exit code.</summary>
internal static class CommandLine
{
    /// <summary>Runs one command.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        // Without it, a value that begins with '@' is the name of a file with further words.
        var parsed = Root().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        Terminal.MakeVisible(CommonOptions.IsJson(parsed));
        if (Usage.Faults(parsed, args) is { Count: > 0 } faults)
            return Failure.Print(
                parsed.CommandResult.Command.Name, [.. faults.Select(f => new SyncError(SyncStage.Settings, null, null, null, ErrorCode.Usage, f))],
                NextSteps.Of(parsed), ExitCode.Usage, CommonOptions.IsJson(parsed));

        try
        {
            EnvironmentFile.Apply(parsed);
        }
        catch (SyncException unreadable)
        {
            return Failure.Print(
                parsed.CommandResult.Command.Name, unreadable.Errors, NextSteps.Of(parsed), ExitCode.Usage, CommonOptions.IsJson(parsed));
        }

        using var interruption = new Interruption();
        return await parsed.InvokeAsync(
            new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false }, interruption.Token);
    }

    /// <summary>The program's commands.</summary>
    public static RootCommand Root()
    {
        var root = new RootCommand("Copies a Bubble.io app into PostgreSQL completely and exactly, and keeps local changes")
        {
            ResyncVerb.Command(),
            SyncVerb.Command(),
            WatchVerb.Command(),
            PatchVerb.Command(),
            new Command("audit", "Report what is mapped, stored, different "
                + "and orphaned") { AuditFieldsVerb.Command(), AuditValuesVerb.Command(), AuditSchemaVerb.Command(), AuditLinksVerb.Command() },
            VerifyVerb.Command(),
            SchemaVerb.Command(),
            ScaffoldVerb.Command(),
            StatusVerb.Command(),
            RunsVerb.Command(),
            DatabaseVerb.Command(),
            ReportVerb.Command(),
            ExportVerb.Command(),
            PlanVerb.Command(),
            PreviewVerb.Command(),
            DoctorVerb.Command(),
            SimulateVerb.Command(),
            DemoVerb.Command(),
            CompletionVerb.Command(),
            HelpVerb.Command(),
        };
        foreach (var option in CommonOptions.All)
        {
            option.Recursive = true;
            root.Options.Add(option);
        }

        var suggest = root.Directives.OfType<SuggestDirective>().Single();
        suggest.Action = new Suggestions(suggest);
        root.Options.OfType<HelpOption>().Single().Action = new Help.HelpAction();
        TakeFlagsAlone(root);
        return root;
    }

    // Otherwise a flag would take a word and reject it, and tab completion would offer nothing after it.
    private static void TakeFlagsAlone(Command command)
    {
        foreach (var flag in command.Options.OfType<Option<bool>>())
            flag.Arity = ArgumentArity.Zero;
        foreach (var below in command.Subcommands)
            TakeFlagsAlone(below);
    }
}
