using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>status</c>: the state of the mirror at one look; <c>status reset</c>: sets a watermark back.</summary>
internal static class StatusVerb
{
    private static readonly Option<string[]> Entity = EntityOption.Create();
    private static readonly Option<bool> Offline = new("--offline") { Description = "Do not ask Bubble; else it gets one request for each entity" };
    private static readonly Option<long?> MaxAge = NumberOption.Optional(
        "--max-age", "An older watermark needs a hand, so that the exit code is 1 (without it, one of more than 24 hours is worth a look)", 1);

    private static readonly Argument<string[]> Named = new("ENTITY") { Description = "The entities", HelpName = "ENTITY", Arity = ArgumentArity.OneOrMore };
    private static readonly Option<DateTimeOffset> To = MomentOption.Create(
        "--to", "The moment (ISO 8601) from which the next incremental sync reads; a date alone means 00:00 UTC", isEnd: false);

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("status", "Report rows, watermark, last run, rejected records, orphaned references and drift of each entity, and "
            + "what to do") { Entity, Offline, MaxAge, Reset() };
        command.Validators.Add(given => given.Exclude(
            Offline, "sends no request to Bubble", OptionRules.Common("--concurrency", "--requests-per-minute")));
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            var options = new StatusOptions
            {
                Entities = parsed.GetValue(Entity)!,
                Offline = parsed.GetValue(Offline),
                MaxAge = parsed.GetValue(MaxAge) is { } hours ? TimeSpan.FromHours(hours) : null,
            };
            return context.RunAsync("status", async engine =>
            {
                var report = await engine.StatusAsync(options, token);
                RunSummary.PrintErrors(report.Errors, context.Next);
                context.Print(report.ToJson, console => StatusTable.Print(report, context.Next, console));
                return report.Success ? ExitCode.Done : ExitCode.Partial;
            }, token);
        });
        return command;
    }

    private static Command Reset()
    {
        To.Required = true;
        MaxAge.HelpName = "HOURS";
        Named.CompletionSources.Add(ConfiguredNames.Entities);
        var command = new Command("reset", "Set a watermark back, never forward: the next incremental sync reads again what changed from there on. "
            + "Rows that are as new as in Bubble stay; a resync with --force overwrites them") { Named, To };
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            return context.RunAsync("status reset", async engine =>
            {
                var report = await engine.ResetWatermarksAsync(parsed.GetValue(Named)!, parsed.GetValue(To), token);
                return context.Print(report.ToJson, console => StatusTable.Print(report, context.Next, console));
            }, token);
        });
        return command;
    }
}
