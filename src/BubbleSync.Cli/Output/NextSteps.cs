using System.CommandLine;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Cli.Output;

/// <summary>
/// What to type after a command: the library's next actions as lines with commands. Each has the options by which this command was given its settings, so that
/// it finds the same maps and tables.
/// </summary>
internal sealed class NextSteps
{
    // Never the connection, which may hold a password.
    private static readonly string[] Repeated = ["--config", "--env-file", "--schema", "--base-url"];

    private readonly string _options;

    private NextSteps(string options) => _options = options;

    /// <summary>This many characters of a run's id suffice.</summary>
    public const int IdLength = 13;

    /// <summary>Returns the lines for what follows a command.</summary>
    public static NextSteps Of(ParseResult parsed) => new(string.Concat(Repeated
        .Select(name =>
            (Name: name, Value: parsed.GetResult(CommonOptions.All.Single(o => o.Name == name))?.Tokens is [{ Value: var value }, ..] ? value : null))
        .Where(o => o.Value is not null)
        .Select(o => $" {o.Name} {Quoted(o.Value!)}")));

    /// <summary>Returns an action as a line.</summary>
    public string Line(NextAction action) => $"next: {Command(action)}   # {action.Why}";

    /// <summary>Returns a message, followed by the command of its action.</summary>
    public string Text(string message, NextAction? next) => next is null ? message : $"{message} Next: {Command(next)}";

    /// <summary>Returns an error's message, followed by the command of its action.</summary>
    public string Text(SyncError error) => Text(error.Message, error.Next);

    /// <summary>Returns an action as a command.</summary>
    public string Command(NextAction action) => Command(Words(action));

    /// <summary>Returns words as a command.</summary>
    public string Command(string words) => $"bubblesync {words}{_options}";

    private static string Words(NextAction action) => action.Kind switch
    {
        NextActionKind.Doctor => "doctor",
        NextActionKind.Resume => $"resync --resume {Run(action)}",
        NextActionKind.ResyncEntities => $"resync{Entities(action)}",
        NextActionKind.ForceResync => $"resync{Entities(action)} --force",
        NextActionKind.Backfill => $"resync --backfill{Entities(action)}",
        NextActionKind.PruneSoft => $"resync{Entities(action)} --prune soft",
        NextActionKind.SyncIncremental => $"sync incremental{Entities(action)} --prune soft",
        NextActionKind.SyncChanges => $"sync incremental{Entities(action)}",
        NextActionKind.FixPatch => $"patch {action.PatchName}",
        NextActionKind.ShowRejects => $"runs rejected {Run(action)}",
        NextActionKind.Reprocess => $"runs reprocess {Run(action)}",
        NextActionKind.ShowConflicts => $"runs log {Run(action)} --level warning",
        NextActionKind.AuditLinks => "audit links --ask",
        NextActionKind.ApplySchema => "schema apply",
        NextActionKind.CreateTables => $"resync --create{Entities(action)}",
        NextActionKind.AcceptSource => "resync --accept-source",
        NextActionKind.ListRuns => "runs list",
        NextActionKind.AuditSchema => "audit schema",
        NextActionKind.ApplyAdditions => "audit schema --apply",
        NextActionKind.SyncInvoices => $"sync invoice {string.Join(' ', action.BubbleIds)}",
        NextActionKind.SyncRecords => $"sync record {string.Join(' ', action.Entities.Concat(action.BubbleIds))}",
        NextActionKind.Scaffold when action.BubbleTypes.Count == 0 => "scaffold --all",
        NextActionKind.Scaffold => $"scaffold {string.Join(' ', action.BubbleTypes.Select(t => $"--type {Quoted(t)}"))}",
        NextActionKind.Verify => $"verify{Entities(action)} --csv differences.csv",
        NextActionKind.VerifyStrictly => $"verify{Entities(action)} --strict",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action.Kind, "There is no command for this action."),
    };

    private static string Run(NextAction action) => $"{action.RunId}"[..IdLength];

    private static string Quoted(string word) => word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:\\%~".Contains(c)) ? word : $"\"{word}\"";

    private static string Entities(NextAction action) => string.Concat(action.Entities.Select(n => $" --entity {n}"));
}
