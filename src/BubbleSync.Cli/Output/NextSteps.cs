using BubbleSync.Etl.Reports;

namespace BubbleSync.Cli.Output;

/// <summary>What to type after a command: the library's next actions as lines with commands.</summary>
internal static class NextSteps
{
    /// <summary>So much of a run's id is enough to name it.</summary>
    public const int IdLength = 13;

    /// <summary>Returns an action as a line.</summary>
    public static string Line(NextAction action) => $"next: {Command(action)}   # {action.Why}";

    /// <summary>Returns an action as a command.</summary>
    public static string Command(NextAction action) => "bubblesync " + action.Kind switch
    {
        NextActionKind.Doctor => "doctor",
        NextActionKind.Resume => $"resync --resume {Run(action)}",
        NextActionKind.ResyncEntities => $"resync {Entities(action)}",
        NextActionKind.ForceResync => $"resync {Entities(action)} --force",
        NextActionKind.PruneSoft => $"resync {Entities(action)} --prune soft",
        NextActionKind.FixPatch => $"patch {action.PatchName}",
        NextActionKind.ShowRejects => $"runs rejected {Run(action)}",
        NextActionKind.Reprocess => $"runs reprocess {Run(action)}",
        NextActionKind.ShowConflicts => $"runs log {Run(action)} --level warning",
        NextActionKind.AuditLinks => "audit links --ask",
        NextActionKind.ApplyAdditions => "audit schema --apply",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action.Kind, "There is no command for this action."),
    };

    private static string Run(NextAction action) => $"{action.RunId}"[..IdLength];

    private static string Entities(NextAction action) => string.Join(' ', action.Entities.Select(n => $"--entity {n}"));
}
