using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.Cli.Verbs;
using BubbleSync.Etl;

namespace BubbleSync.Cli;

/// <summary>The program: takes the words apart, runs the verb, gives the exit code.</summary>
internal static class CommandLine
{
    /// <summary>Runs one command.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var parsed = Root().Parse(args);
        if (parsed.Errors.Count > 0)
            return Refuse(parsed);

        using var interruption = new Interruption();
        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false }, interruption.Token);
    }

    private static RootCommand Root()
    {
        var root = new RootCommand("Mirrors a Bubble.io app into PostgreSQL: completely, exactly, again and again, with nothing local lost.")
        {
            ResyncVerb.Command(),
            SyncVerb.Command(),
            PatchVerb.Command(),
            AuditVerb.Command(),
            VerifyVerb.Command(),
            SchemaVerb.Command(),
            ScaffoldVerb.Command(),
            RunsVerb.Command(),
            PlanVerb.Command(),
            DoctorVerb.Command(),
            SimulateVerb.Command(),
            DemoVerb.Command(),
        };
        foreach (var option in CommonOptions.All)
            root.Options.Add(option);
        return root;
    }

    private static int Refuse(ParseResult parsed)
    {
        var words = parsed.CommandResult.Command.Subcommands.Select(c => c.Name).ToList();
        var faults = parsed.UnmatchedTokens.Count > 0 && words.Count > 0
            ? [$"There is no '{parsed.UnmatchedTokens[0]}' here.{DidYouMean.Hint(parsed.UnmatchedTokens[0], words)}"]
            : parsed.Errors.Select(e => e.Message).Distinct().ToList();
        faults[^1] += $" Try: {Path(parsed)} --help";
        return Failure.Print(parsed.CommandResult.Command.Name, [.. faults.Select(f => new SyncError("settings", null, null, null, "usage", f))], ExitCode.Usage, CommonOptions.IsJson(parsed));
    }

    private static string Path(ParseResult parsed)
    {
        var names = new List<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
            names.Insert(0, result.Command is RootCommand ? "bubblesync" : result.Command.Name);
        return string.Join(' ', names);
    }
}
