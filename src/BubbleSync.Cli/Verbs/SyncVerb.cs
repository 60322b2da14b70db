using System.CommandLine;
using BubbleSync.Cli.Notify;
using BubbleSync.Cli.Output;
using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>sync</c>: single invoices, those of a range of dates, or all changes since the last run.</summary>
internal static class SyncVerb
{
    private static readonly char[] Separators = [' ', ',', ';', '\t', '\r', '\n'];

    private static readonly Argument<string[]> Ids =
        new("ID") { Description = "Bubble ids of invoices", Arity = ArgumentArity.ZeroOrMore, DefaultValueFactory = _ => [] };
    private static readonly Option<string?> IdsFile = new("--ids-file")
    {
        Description = "File of more ids, separated by spaces, commas or line ends",
        HelpName = "FILE"
    };
    private static readonly Option<bool> Force = new("--force") { Description = "Overwrite rows even if they were edited here or are newer" };
    private static readonly Option<bool> SkipUsers = new("--skip-users") { Description = "Skip users" };
    private static readonly Option<bool> SkipAgents = new("--skip-agents") { Description = "Skip agents and their logins" };
    private static readonly Option<DateTimeOffset> From = MomentOption.Create(
        "--from", "First Modified Date (ISO 8601); a date alone means 00:00 UTC", isEnd: false);
    private static readonly Option<DateTimeOffset> To = MomentOption.Create(
        "--to", "Last Modified Date, included; a date alone means its end in UTC (default now)", isEnd: true);

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        From.Required = true;
        return new Command("sync", "Sync invoices, a range of dates, or what changed since the last run") { Invoice(), Range(), Incremental() };
    }

    private static Command Invoice()
    {
        var command = new Command("invoice", "Sync invoices with all their related records") { Ids, IdsFile, Force, SkipUsers, SkipAgents };
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed) { Notifies = true };
            return context.RunAsync("sync invoice", async engine =>
            {
                var options = new InvoiceSyncOptions
                {
                    Force = parsed.GetValue(
                    Force),
                    SkipUsers = parsed.GetValue(SkipUsers),
                    SkipAgents = parsed.GetValue(SkipAgents)
                };
                var ids = await IdsAsync(parsed, token);
                var report = await context.ShowAsync(progress => engine.SyncInvoicesAsync(ids, options, progress, token));
                context.End(report.Run);
                context.Print(report.ToJson, console => InvoiceSummary.Print(report, context.Next, console));
                return ExitCode.Of(report.Run, report.Success);
            }, token);
        });
        return NotifyOptions.AddTo(command);
    }

    private static Command Range()
    {
        var command = new Command("range", "Sync the invoices modified in a range of dates, with all their related records") { From, To, Force };
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed) { Notifies = true };
            return context.RunAsync("sync range", async engine =>
            {
                var to = parsed.GetResult(To) is { Implicit: false } ? parsed.GetValue(To) : TimeProvider.System.GetUtcNow();
                var report = await context.ShowAsync(progress => engine.SyncRangeAsync(parsed.GetValue(From), to, parsed.GetValue(Force), progress, token));
                context.End(report.Run);
                context.Print(report.ToJson, console => InvoiceSummary.Print(report, context.Next, console));
                return ExitCode.Of(report.Run, report.Success);
            }, token);
        });
        return NotifyOptions.AddTo(command);
    }

    private static Command Incremental()
    {
        var command = new Command(
            "incremental", "Sync everything modified since the last verified reading, with an overlap; then find deleted and missing records by counts");
        IncrementalRun.AddOptionsTo(command);
        command.SetAction((parsed, token) => IncrementalRun.RunAsync(new CommandContext(parsed) { Notifies = true }, parsed, printsReport: true, token));
        return NotifyOptions.AddTo(command);
    }

    private static async Task<IReadOnlyList<string>> IdsAsync(ParseResult parsed, CancellationToken token)
    {
        List<string> ids = [.. parsed.GetValue(Ids)!.SelectMany(Split)];
        if (parsed.GetValue(IdsFile) is { } file)
            ids.AddRange(Split(await ReadAsync(file, token)));
        return ids.Count > 0 ? ids : throw Usage("There is no id to sync: name invoices, or give a file of ids with --ids-file.");
    }

    private static string[] Split(string text) => text.Split(Separators, StringSplitOptions.RemoveEmptyEntries);

    private static async Task<string> ReadAsync(string file, CancellationToken token)
    {
        try
        {
            return await File.ReadAllTextAsync(file, token);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw Usage($"--ids-file: '{file}' cannot be read: {unreadable.Message}");
        }
    }

    private static SyncException Usage(string message) => new(new SyncError(SyncStage.Settings, null, null, "--ids-file", ErrorCode.Usage, message));
}
