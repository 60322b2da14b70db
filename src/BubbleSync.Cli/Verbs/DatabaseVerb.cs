using System.CommandLine;
using System.Text.Json.Nodes;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl;
using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>database</c>: the address of the target, psql on it, and the life of the embedded server.</summary>
internal static class DatabaseVerb
{
    private static readonly Option<bool> Demo = new("--demo")
    {
        Description = "Use the database that 'demo' filled, not that of the settings",
        Recursive = true,
    };

    private static readonly Option<string?> Statement = new("--command") { Description = "Run this SQL, print its result, and end", HelpName = "SQL" };

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        var command = new Command("database", "Print the address of the database; open it with psql; keep the embedded one running")
        {
            Verb(new Command("url", "Print the address. The embedded server is started and kept running; its address has the password, which is of use on "
                + "this machine only. The address of another server has none"), UrlAsync),
            Verb(new Command("psql", "Open the database with psql, or pass SQL to it") { Statement }, PsqlAsync),
            Verb(new Command("start", "Start the embedded server and keep it running between commands, until 'stop' or a restart of the machine"), StartAsync),
            Verb(new Command("stop", "Stop the embedded server; a run that uses it ends first"), StopAsync),
            Verb(new Command("status", "Report where the embedded database is, whether it runs, and its size"), (c, _) => Task.FromResult(Show(c))),
        };
        command.Options.Add(Demo);
        return Verb(command, UrlAsync);
    }

    private static Command Verb(Command command, Func<DatabaseCommand, CancellationToken, Task<int>> work)
    {
        command.Validators.Add(given => given.Exclude(
            Demo, "means the database that 'demo' filled", OptionRules.Common("--connection", "--schema")));
        command.SetAction((parsed, token) =>
        {
            var context = new CommandContext(parsed);
            var kind = command.Name == "database" ? "database" : $"database {command.Name}";
            return context.GuardedAsync(kind, () => work(new DatabaseCommand(parsed, context, parsed.GetValue(Demo)), token), token);
        });
        return command;
    }

    private static async Task<int> UrlAsync(DatabaseCommand command, CancellationToken token)
    {
        if (!command.IsEmbedded)
            return PrintUrl(command, command.Settings, withPassword: false);

        var wasRunning = EmbeddedCluster.Inspect(command.Embedded.Folder).IsKept;
        await using var server = await command.Embedded.StartAsync(fresh: false, token);
        await server.KeepAsync(token);
        if (!wasRunning)
            command.Context.Tell($"note: The server now runs until: {command.Stop}");
        return PrintUrl(command, command.SettingsOf(server), withPassword: true);
    }

    private static int PrintUrl(DatabaseCommand command, PostgresSettings settings, bool withPassword)
    {
        var url = LibpqAddress.Url(settings, withPassword);
        Console.Out.WriteLine(command.Context.IsJson
            ? ReportJson.Write(new JsonObject { ["url"] = url, ["target"] = JsonNode.Parse(ReportJson.Write(LibpqAddress.Place(settings))) })
            : url);
        return ExitCode.Done;
    }

    private static async Task<int> PsqlAsync(DatabaseCommand command, CancellationToken token)
    {
        if (command.Context.IsJson)
            throw Usage("--output", "psql prints its result itself, and not as JSON. Leave --output json out.");

        var statement = command.Parsed.GetValue(Statement);
        if (!command.IsEmbedded)
            return await Psql.RunAsync(null, command.Settings, statement, command.Context.IsQuiet, token);

        await using var server = await command.Embedded.StartAsync(fresh: false, token);
        return await Psql.RunAsync(server.BinFolder, command.SettingsOf(server), statement, command.Context.IsQuiet, token);
    }

    private static async Task<int> StartAsync(DatabaseCommand command, CancellationToken token)
    {
        command.RequireEmbedded();
        await using var server = await command.Embedded.StartAsync(fresh: false, token);
        await server.KeepAsync(token);
        return Show(command);
    }

    private static async Task<int> StopAsync(DatabaseCommand command, CancellationToken token)
    {
        command.RequireEmbedded();
        if (EmbeddedCluster.Inspect(command.Embedded.Folder).IsRunning)
        {
            await using var server = await command.Embedded.StartAsync(fresh: false, token);
            await server.ReleaseAsync(token);
        }

        return Show(command);
    }

    private static int Show(DatabaseCommand command)
    {
        if (!command.IsEmbedded)
        {
            var place = LibpqAddress.Place(command.Settings);
            Console.Out.WriteLine(command.Context.IsJson
                ? ReportJson.Write(new JsonObject { ["embedded"] = false, ["target"] = JsonNode.Parse(ReportJson.Write(place)) })
                : $"{place.Text}: this server is not the program's own. Its state: bubblesync doctor");
            return ExitCode.Done;
        }

        var cluster = EmbeddedCluster.Inspect(command.Embedded.Folder);
        Console.Out.WriteLine(command.Context.IsJson ? Json(cluster) : Text(cluster, command));
        return ExitCode.Done;
    }

    private static string Json(EmbeddedCluster cluster) => ReportJson.Write(new JsonObject
    {
        ["embedded"] = true,
        ["folder"] = cluster.Folder,
        ["dataFolder"] = cluster.DataFolder,
        ["postgresVersion"] = cluster.Major,
        ["bytes"] = cluster.Bytes,
        ["running"] = cluster.IsRunning,
        ["kept"] = cluster.IsKept,
        ["inUse"] = cluster.IsInUse,
        ["port"] = cluster.Port,
        ["processId"] = cluster.ProcessId,
    });

    private static string Text(EmbeddedCluster cluster, DatabaseCommand command)
    {
        if (cluster.Major is not { } major)
            return $"{cluster.Folder}: no database yet. The first command that needs one creates it.";

        var state = cluster switch
        {
            { IsKept: true } => Invariant($"runs on port {cluster.Port} until: {command.Stop}"),
            { IsRunning: true } => Invariant($"runs on port {cluster.Port} until the command that uses it ends"),
            _ => "is stopped. Each command starts it for itself",
        };
        return Invariant($"{cluster.Folder}: PostgreSQL {major}, {cluster.Bytes / 1048576.0:0} MB; it {state}");
    }

    internal static SyncException Usage(string option, string message) =>
        new(new SyncError(SyncStage.Settings, null, null, option, ErrorCode.Usage, message));
}
