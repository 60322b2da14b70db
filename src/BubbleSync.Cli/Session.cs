using System.CommandLine;
using BubbleSync.Cli.Output;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl;
using BubbleSync.Etl.Config;

namespace BubbleSync.Cli;

/// <summary>One command under way: its settings, its database, where it prints.</summary>
internal sealed class Session(ParseResult parsed)
{
    /// <summary>The folder for what the program keeps: the embedded server, the demo's results.</summary>
    public static string Home => Path.GetFullPath(Environment.GetEnvironmentVariable("BUBBLESYNC_HOME") is { Length: > 0 } home ? home : ".bubblesync");

    /// <summary>Whether stdout carries one JSON document and nothing else.</summary>
    public bool IsJson => parsed.GetValue(CommonOptions.Output) == "json";

    /// <summary>Runs a command against the engine; where no database is set, against an embedded one that it starts and stops.</summary>
    /// <param name="kind">What a failure's report calls it.</param>
    /// <param name="work">The command.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    public async Task<int> RunAsync(string kind, Func<SyncEngine, Task<int>> work, CancellationToken cancellationToken)
    {
        try
        {
            var settings = SettingsFile.Read(parsed.GetValue(CommonOptions.Config), Options(), Environment.GetEnvironmentVariables());
            if (settings.Postgres.ConnectionString is not null)
                return await work(new SyncEngine(settings, TimeProvider.System));

            await using var server = await EmbeddedPostgresServer.StartAsync(new EmbeddedPostgresOptions { Folder = Path.Combine(Home, "postgres") }, cancellationToken);
            return await work(new SyncEngine(settings with { Postgres = settings.Postgres with { ConnectionString = server.ConnectionString } }, TimeProvider.System));
        }
        catch (SyncException failure)
        {
            return Failed(kind, failure.Errors, failure.IsUsage ? ExitCode.Usage : ExitCode.Stopped);
        }
        catch (EmbeddedPostgresException failure)
        {
            return Failed(kind, [new SyncError("load", null, null, null, "embedded-postgres", failure.Message)], ExitCode.Stopped);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Failed(kind, [new SyncError("load", null, null, null, "cancelled", "Interrupted.")], ExitCode.Interrupted);
        }
    }

    /// <summary>Prints a run's result.</summary>
    public int Print(RunReport report)
    {
        if (IsJson)
            Console.Out.WriteLine(report.ToJson());
        else
            RunSummary.Print(report, Terminal.Out);
        return ExitCode.Of(report);
    }

    private int Failed(string kind, IReadOnlyList<SyncError> errors, int code)
    {
        foreach (var error in errors)
            Console.Error.WriteLine($"error: {error.Message}");
        if (IsJson)
        {
            var now = TimeProvider.System.GetUtcNow();
            Console.Out.WriteLine(new RunReport { RunId = null, Kind = kind, Status = code == ExitCode.Interrupted ? "cancelled" : "failed", StartedAt = now, FinishedAt = now, Errors = errors }.ToJson());
        }

        return code;
    }

    private Dictionary<string, string> Options() =>
        CommonOptions.Settings
            .Where(s => parsed.GetValue(s.Key) is not null)
            .ToDictionary(s => s.Value, s => parsed.GetValue(s.Key)!);
}
