using BubbleSync.Etl;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Cli.Output;

/// <summary>What to type after a command: the library's next actions as lines with commands.</summary>
internal static class NextSteps
{
    /// <summary>This many characters of a run's id suffice.</summary>
    public const int IdLength = 13;

    /// <summary>Returns an action as a line.</summary>
    public static string Line(NextAction action) => $"next: {Command(action)}   # {action.Why}";

    /// <summary>Returns a message, followed by the command of its action.</summary>
    public static string Text(string message, NextAction? next) => next is null ? message : $"{message} Next: {Command(next)}";

    /// <summary>Returns an error's message, followed by the command of its action.</summary>
    public static string Text(SyncError error) => Text(error.Message, error.Next);

    /// <summary>Returns an action as a command.</summary>
    public static string Command(NextAction action) => "bubblesync " + action.Kind switch
    {
        NextActionKind.Doctor => "doctor",
        NextActionKind.Resume => $"resync --resume {Run(action)}",
        NextActionKind.ResyncEntities => $"resync{Entities(action)}",
        NextActionKind.ForceResync => $"resync{Entities(action)} --force",
        NextActionKind.PruneSoft => $"resync{Entities(action)} --prune soft",
        NextActionKind.FixPatch => $"patch {action.PatchName}",
        NextActionKind.ShowRejects => $"runs rejected {Run(action)}",
        NextActionKind.Reprocess => $"runs reprocess {Run(action)}",
        NextActionKind.ShowConflicts => $"runs log {Run(action)} --level warning",
        NextActionKind.AuditLinks => "audit links --ask",
        NextActionKind.ApplySchema => "schema apply",
        NextActionKind.AcceptSource => "resync --accept-source",
        NextActionKind.ListRuns => "runs list",
        NextActionKind.AuditSchema => "audit schema",
        NextActionKind.ApplyAdditions => "audit schema --apply",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action.Kind, "There is no command for this action."),
    };

    private static string Run(NextAction action) => $"{action.RunId}"[..IdLength];

    private static string Entities(NextAction action) => string.Concat(action.Entities.Select(n => $" --entity {n}"));
}
