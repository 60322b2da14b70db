using System.Text;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Cli.Notify;

/// <summary>How a command ended, as it is reported outside: names and numbers, never a field's value or a secret.</summary>
/// <param name="Command">The command.</param>
/// <param name="Code">Its exit code.</param>
/// <param name="Report">Its run; null where it stopped before there was one.</param>
/// <param name="Errors">Why it stopped.</param>
/// <param name="Source">The app's host.</param>
/// <param name="Schema">The schema of the tables.</param>
internal sealed record RunNotice(string Command, int Code, RunReport? Report, IReadOnlyList<SyncError> Errors, string? Source, string Schema)
{
    private const int MostErrors = 3;
    private const int LongestError = 500;

    /// <summary>Returns the notice of a command.</summary>
    public static RunNotice Of(string command, int code, RunReport? report, IReadOnlyList<SyncError> errors, SyncSettings settings) =>
        new(command, code, report, errors.Count > 0 ? errors : report?.Errors ?? [], settings.Bubble.BaseUrl?.Authority, settings.Postgres.Schema);

    /// <summary>Whether all is done.</summary>
    public bool IsSuccess => Code == ExitCode.Done;

    /// <summary>The end in one word.</summary>
    public string Status => Report is { Status: var status } && !(status == RunStatus.Succeeded && !IsSuccess) ? Word.Of(status) : Code switch
    {
        ExitCode.Done => Word.Of(RunStatus.Succeeded),
        ExitCode.Partial => Word.Of(RunStatus.Partial),
        ExitCode.Interrupted => Word.Of(RunStatus.Cancelled),
        _ => Word.Of(RunStatus.Failed),
    };

    /// <summary>The notice as a few lines of text.</summary>
    public string Text
    {
        get
        {
            var text = new StringBuilder(Invariant($"bubblesync {Command} {Status} (exit code {Code}) on {Environment.MachineName}"));
            text.Append(Invariant($": {Source ?? "no app"} to schema {Schema}"));
            if (Report is { } run)
                text.Append(Invariant($", {run.DurationMs / 1000.0:0.0} s. {Counts(run)}")).Append(run.RunId is { } id ? $" Run {id}" : "");
            foreach (var error in Telling.Take(MostErrors))
                text.Append('\n').Append("error: ").Append(error.Message.Length > LongestError ? $"{error.Message[..LongestError]}…" : error.Message);
            if (Telling.Count > MostErrors)
                text.Append(Invariant($"\n{Telling.Count - MostErrors} more"));
            return text.ToString();
        }
    }

    // Errors of single records count as rejected; they are for the database, not for a chat.
    private List<SyncError> Telling => [.. Errors.Where(e => e is { BubbleId: null, Code: not ErrorCode.Rejected })];

    private static string Counts(RunReport run)
    {
        if (run.Conclusion is { } conclusion)
            return $"{conclusion}.";

        long Sum(Func<EntityReport, long> count) => run.Entities.Sum(count);
        return Invariant($"{Sum(e => e.Extracted)} records: {Sum(e => e.Inserted)} inserted, {Sum(e => e.Updated)} updated, ")
            + Invariant($"{Sum(e => e.Unchanged)} unchanged, {Sum(e => e.Conflicts)} conflicts, {Sum(e => e.Rejected)} rejected; ")
            + Invariant($"{Sum(e => e.NotInBubble)} rows not in Bubble.");
    }
}
