using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl;
using BubbleSync.Etl.Config;
using BubbleSync.Simulator;
using static System.FormattableString;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>demo</c>: the main job on a private PostgreSQL and the simulator; stops what it started.</summary>
internal static class DemoVerb
{
    private static readonly Option<int> Invoices = NumberOption.Create("--invoices", "Invoices to make; the other types follow in proportion", 2000, 0, 1_000_000);
    private static readonly OutputFileOption Csv = new("--csv", "Where the CSV audit goes (else field-audit.csv in the program's own folder .bubblesync)");

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("demo", "Start a private PostgreSQL and the simulator, resync, audit, stop both") { Invoices, Csv };
        command.SetAction(RunAsync);
        return command;
    }

    private static Task<int> RunAsync(ParseResult parsed, CancellationToken token)
    {
        var session = new Session(parsed);
        return session.GuardedAsync("demo", async () =>
        {
            var file = Path.GetFullPath(parsed.GetValue(Csv) ?? Path.Combine(Session.Home, "field-audit.csv"));
            Directory.CreateDirectory(Session.Home);
            Csv.Require(file);
            session.Tell("Starting a private PostgreSQL and the Bubble simulator …");
            await using var server = await EmbeddedPostgresServer.StartAsync(new EmbeddedPostgresOptions { Folder = Path.Combine(Session.Home, "demo"), Temporary = true }, token);
            await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions { Invoices = parsed.GetValue(Invoices) }, token);
            var engine = session.Engine(Settings(parsed, server, simulator));

            await engine.ApplySchemaAsync(token);
            session.Tell(Invariant($"PostgreSQL {server.ServerVersion} and {simulator.BaseUrl}, ")
                + Invariant($"with {parsed.GetValue(Invoices):N0} invoices and all around them."));
            var report = await session.ShowAsync(progress => engine.ResyncAsync(new ResyncOptions(), progress, token));
            var audit = ExitCode.Of(report) is ExitCode.Done or ExitCode.Partial ? await session.ShowAsync(progress => engine.AuditFieldsAsync([], progress, token)) : null;
            if (audit is not null)
                await audit.WriteCsvAsync(file, shapes: false, token);
            var code = session.Print(report);
            if (audit is not null)
                Tell(audit, file, session);
            return code;
        }, token);
    }

    private static void Tell(FieldAuditReport audit, string file, Session session)
    {
        if (!session.IsJson)
            FieldTable.PrintCoverage(audit, Terminal.Out);
        session.Tell($"The audit of {audit.Rows.Count} fields is in {file}");
    }

    // The shipped settings, whatever is set around: the demo never touches a real app or database. The simulator has no limit to respect.
    private static SyncSettings Settings(ParseResult parsed, EmbeddedPostgresServer server, SimulatorServer simulator)
    {
        var settings = SettingsFile.Read(Path.Combine(AppContext.BaseDirectory, "config", "bubblesync.json"), new Dictionary<string, string>(), new Dictionary<string, string>());
        return settings with
        {
            Bubble = settings.Bubble with { BaseUrl = new Uri($"{simulator.BaseUrl}/"), ApiToken = new SimulatorOptions().Token, RequestsPerMinute = 1_000_000 },
            Postgres = settings.Postgres with { ConnectionString = server.ConnectionString, Schema = parsed.GetValue(CommonOptions.Settings.First(s => s.Value == "Postgres:Schema").Key) ?? "public" },
        };
    }
}
