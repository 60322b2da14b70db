using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using static System.FormattableString;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>demo</c>: the main job on a private PostgreSQL and the simulator; stops what it started. Its rows stay until the next demo.</summary>
internal static class DemoVerb
{
    private static readonly Option<int> Invoices = NumberOption.Create("--invoices", "Number of invoices; other types are in proportion", 2000, 0, 1_000_000);
    private static readonly OutputFileOption Csv = new("--csv", "CSV file of the audit (default: field-audit.csv in the program's folder .bubblesync)");
    private static readonly Option<bool> Excel = ExcelOption.Create();

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("demo", "Start a private PostgreSQL and the simulator, resync, audit, stop both; the rows stay") { Invoices, Csv, Excel };
        command.Validators.Add(given =>
        {
            foreach (var option in OptionRules.Common("--base-url", "--connection", "--concurrency", "--requests-per-minute").Where(given.IsGiven))
                given.AddError($"The demo uses its own app and database, so that {option.Name} has no effect. Leave it out, or run a resync with it.");
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static Task<int> RunAsync(ParseResult parsed, CancellationToken token)
    {
        var context = new CommandContext(parsed);
        return context.GuardedAsync("demo", async () =>
        {
            var home = HomeFolder.Of(parsed);
            var file = Path.GetFullPath(parsed.GetValue(Csv) ?? Path.Combine(home, "field-audit.csv"));
            HomeFolder.Create(home);
            Csv.Require(file);
            context.Tell("Starting a private PostgreSQL and the Bubble simulator …");
            var database = EmbeddedDatabase.OfDemo(parsed);
            await using var server = await database.StartAsync(fresh: true, token);
            await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions { Invoices = parsed.GetValue(Invoices) }, token);
            var engine = context.TargetEngine(Settings(parsed, server.ConnectionString, database.Folder, simulator));

            await engine.ApplySchemaAsync(token);
            context.Tell(Invariant($"PostgreSQL {server.ServerVersion} and {simulator.BaseUrl}, ")
                + Invariant($"with {parsed.GetValue(Invoices):N0} invoices and all around them."));
            var report = await context.ShowAsync(progress => engine.ResyncAsync(new ResyncOptions(), progress, token), StopNotice.Demo);
            var audit = ExitCode.Of(report) is ExitCode.Done or ExitCode.Partial
                ? await context.ShowAsync(progress => engine.AuditFieldsAsync([], progress, token), StopNotice.Comparison)
                : null;
            if (audit is not null)
                await audit.WriteCsvAsync(file, shapes: false, parsed.GetValue(Excel), token);
            // A run of the demo is not resumed.
            var code = context.Print(report, proposes: report.Status != RunStatus.Cancelled);
            if (audit is not null)
                Tell(audit, file, context);
            return code;
        }, token);
    }

    private static void Tell(FieldAuditReport audit, string file, CommandContext context)
    {
        if (!context.IsJson)
            FieldTable.PrintCoverage(audit, Terminal.Out);
        context.PrintWritten(file);
        context.Tell("The rows stay: bubblesync database psql --demo opens them.");
    }

    // The shipped settings, not those of the user: the demo never uses a real app or database. The simulator has no rate limit.
    private static SyncSettings Settings(ParseResult parsed, string connectionString, string folder, SimulatorServer simulator)
    {
        var settings = SettingsFile.Read(
            Path.Combine(AppContext.BaseDirectory, "config", "bubblesync.json"), new Dictionary<string, string>(), new Dictionary<string, string>());
        return settings with
        {
            Bubble = settings.Bubble with
            {
                BaseUrl = new Uri(
                $"{simulator.BaseUrl}/"),
                ApiToken = new SimulatorOptions().Token,
                RequestsPerMinute = 1_000_000
            },
            Postgres = settings.Postgres.Embedded(connectionString, folder) with
            {
                Schema = parsed.GetValue(CommonOptions.Settings.First(s => s.Value == "Postgres:Schema").Key) ?? "public",
            },
        };
    }
}
