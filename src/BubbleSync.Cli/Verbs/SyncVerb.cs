using System.CommandLine;
using BubbleSync.Cli.Notify;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>sync</c>: single records, those of a range of dates, or all changes since the last run.</summary>
internal static class SyncVerb
{
    private static readonly Argument<string[]> Invoices = RecordIds.Create("Bubble ids of invoices");
    private static readonly Argument<string[]> Records = RecordIds.Create("Bubble ids of records");
    private static readonly Argument<string> Of = new("ENTITY") { Description = "The entity of the records, as its map names it" };
    private static readonly Option<bool> Force = new("--force") { Description = "Overwrite rows even if they were edited here or are newer" };
    private static readonly Option<bool> SkipUsers = new("--skip-users") { Description = "Skip users" };
    private static readonly Option<bool> SkipAgents = new("--skip-agents") { Description = "Skip agents and their logins" };
    private static readonly Option<DateTimeOffset> From = MomentOption.Create(
        "--from", "First Modified Date (ISO 8601); a date alone means 00:00 UTC", isEnd: false);
    private static readonly Option<DateTimeOffset> To = MomentOption.Create(
        "--to", "Last Modified Date, included; a date alone means its end in UTC (default now)", isEnd: true);
    private static readonly Option<string?> RangeEntity = EntityOption.Single("The entity of the records (default invoice)");

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        From.Required = true;
        Of.CompletionSources.Add(ConfiguredNames.Entities);
        return new Command("sync", "Sync single records, a range of dates, or what changed since the last run") { Record(), Invoice(), Range(), Incremental() };
    }

    private static Command Record()
    {
        var command = new Command("record", "Sync records of an entity with all that belongs to them") { Of, Records, RecordIds.File, Force };
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed) { Notifies = true };
            return context.RunAsync("sync record", async engine =>
            {
                var ids = await RecordIds.ReadAsync(parsed, Records, token);
                var report = await context.ShowAsync(
                    progress => engine.SyncRecordsAsync(parsed.GetValue(Of)!, ids, parsed.GetValue(Force), progress, token));
                context.End(report.Run);
                context.Print(report.ToJson, console => RecordSummary.Print(report, context.Next, console));
                return ExitCode.Of(report.Run, report.Success);
            }, token);
        });
        return NotifyOptions.AddTo(command);
    }

    private static Command Invoice()
    {
        var command = new Command("invoice", "Sync invoices with all their related records") { Invoices, RecordIds.File, Force, SkipUsers, SkipAgents };
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
                var ids = await RecordIds.ReadAsync(parsed, Invoices, token);
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
        var command = new Command("range", "Sync the records of an entity modified in a range of dates, with all that belongs to them")
        {
            From, To, RangeEntity, Force,
        };
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed) { Notifies = true };
            return context.RunAsync("sync range", async engine =>
            {
                var to = parsed.GetResult(To) is { Implicit: false } ? parsed.GetValue(To) : TimeProvider.System.GetUtcNow();
                var entity = parsed.GetValue(RangeEntity) ?? "invoice";
                var report = await context.ShowAsync(
                    progress => engine.SyncRecordsInRangeAsync(entity, parsed.GetValue(From), to, parsed.GetValue(Force), progress, token));
                context.End(report.Run);
                context.Print(report.ToJson, console => RecordSummary.Print(report, context.Next, console));
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
}
