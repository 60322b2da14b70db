using System.CommandLine;
using System.CommandLine.Parsing;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli;

/// <summary>The options of commands that find rows which Bubble no longer has.</summary>
internal static class PruneOption
{
    /// <summary>Creates <c>--prune</c>.</summary>
    public static Option<PruneMode> Create() => ChoiceOption.Create(
        "--prune",
        "What to do with rows that Bubble no longer has: nothing, report them, mark them in deleted_in_bubble_at (soft), delete them (hard)",
        PruneMode.Report);

    /// <summary>Creates <c>--prune-limit</c>.</summary>
    public static Option<Limit?> Limit() => LimitOption.Create(
        "--prune-limit", "Do not prune an entity that would lose more than this part of its rows; 20 means 20% (default 20%)", percentOnly: true);

    /// <summary>Refuses a limit where nothing is compared.</summary>
    public static void Check(CommandResult command, Option<PruneMode> prune, Option<Limit?> limit)
    {
        if (command.GetResult(prune)?.Tokens is [{ Value: "none" }])
            command.Exclude(prune, "none compares nothing", limit);
    }
}
