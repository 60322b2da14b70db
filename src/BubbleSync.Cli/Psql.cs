using System.Diagnostics;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl;
using BubbleSync.Etl.Postgres.Addresses;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Cli;

/// <summary>Runs psql in this terminal.</summary>
internal static class Psql
{
    /// <summary>Runs it to its end; returns the exit code.</summary>
    /// <param name="binFolder">Where the server's programs are; null where that is not known.</param>
    /// <param name="settings">The database.</param>
    /// <param name="statement">What it runs; null for what the user types, or what comes by a pipe.</param>
    /// <param name="isQuiet">Whether it does not greet.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<int> RunAsync(
        string? binFolder, PostgresSettings settings, string? statement, bool isQuiet, CancellationToken cancellationToken)
    {
        var program = ClientProgram.FindPsql(binFolder) ?? throw new SyncException(new SyncError(
            SyncStage.Load, null, null, null, ErrorCode.Failed,
            "psql was not found beside the server's programs or in PATH. Install PostgreSQL's client programs (Debian and Ubuntu: apt-get install "
            + "postgresql-client), or open the address with another client: "
            + $"{LibpqAddress.Url(settings, withPassword: false)} ('bubblesync database url' prints it, and keeps an embedded server running)."));

        List<string> words = isQuiet ? ["--quiet"] : [];
        if (statement is not null)
            words.AddRange(["--set=ON_ERROR_STOP=1", $"--command={statement}"]);
        var start = new ProcessStartInfo(program, words) { UseShellExecute = false };
        // Other variables could lead to another server. The password is in a variable, because other users can see a command line.
        foreach (var name in start.Environment.Keys.Where(n => n.StartsWith("PG", StringComparison.Ordinal)).Except(["PGTZ", "PGCLIENTENCODING"]).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in LibpqAddress.Variables(settings))
            start.Environment[name] = value;

        // psql ends a statement with it and goes on.
        Interruption.LeavesCtrlC = true;
        using var process = Process.Start(start)!;
        await using var ended = cancellationToken.Register(process.Kill);
        await process.WaitForExitAsync(CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        return process.ExitCode == 0 ? ExitCode.Done : ExitCode.Stopped;
    }
}
