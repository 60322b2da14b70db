using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using static System.FormattableString;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>Starts the server of a prepared cluster; returns its process once it answers.</summary>
internal sealed class Postmaster(Cluster cluster, Account account, IReadOnlyDictionary<string, string> settings)
{
    private const int Attempts = 5;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private static readonly Dictionary<string, string> OurSettings = new()
    {
        ["listen_addresses"] = "127.0.0.1",
        ["unix_socket_directories"] = "",
        ["timezone"] = "UTC",
        ["log_timezone"] = "UTC",
        // One machine, no standby: tables made and filled in one transaction need no log.
        ["wal_level"] = "minimal",
        ["max_wal_senders"] = "0",
        ["max_wal_size"] = "2GB",
        ["checkpoint_timeout"] = "15min",
        ["work_mem"] = "16MB",
        ["maintenance_work_mem"] = "128MB",
        ["jit"] = "off",
        // A container gives 64 MB of shared memory by default, too little for parallel hash joins.
        ["max_parallel_workers_per_gather"] = "0",
    };

    /// <summary>Starts on the port; if none is given, on that of the last start, or on another if it is taken. Returns the server's PID file.</summary>
    internal async Task<PidFile> StartAsync(ServerBinaries binaries, int? port, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (await TryStartAsync(binaries, port ?? FreePort(attempt == 1 ? cluster.LastPort() : null), cancellationToken) is { } running)
            {
                cluster.RememberPort(running.Port);
                return running;
            }

            // Another program may take a free port before the server does; and after a crash, the old server's last child may still hold its memory.
            var tail = cluster.LogTail();
            if (attempt == Attempts || !tail.Contains("in use", StringComparison.OrdinalIgnoreCase))
                throw new EmbeddedPostgresException(Invariant($"PostgreSQL {binaries.Major} in {cluster.Data} did not start. Its log, {cluster.Log}, ")
                    + Invariant($"ends with:\n{tail}"));
            await Task.Delay(Pause * attempt * 10, cancellationToken);
        }
    }

    private async Task<PidFile?> TryStartAsync(ServerBinaries binaries, int port, CancellationToken cancellationToken)
    {
        using var process = new Process { StartInfo = Describe(binaries, port) };
        process.Start();
        try
        {
            for (var waited = TimeSpan.Zero; waited < Limit; waited += Pause)
            {
                var running = PidFile.Read(cluster.Data);
                if (running?.Port == port && await Probe.AnswersAsync(cluster, port, cancellationToken))
                    return running;
                if (process.HasExited && !(OperatingSystem.IsWindows() && process.ExitCode == 0))
                    return null;
                await Task.Delay(Pause, cancellationToken);
            }

            throw new EmbeddedPostgresException(
                Invariant($"PostgreSQL in {cluster.Data} does not answer on port {port} after {Limit.TotalSeconds:0} s. Its log, {cluster.Log}, ")
                    + Invariant($"ends with:\n{cluster.LogTail()}"));
        }
        catch
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private ProcessStartInfo Describe(ServerBinaries binaries, int port)
    {
        var words = OperatingSystem.IsWindows() ? WindowsWords(binaries, port) : UnixWords(binaries, port);
        return new(words[0], words.Skip(1)) { WorkingDirectory = Path.GetDirectoryName(cluster.Data), CreateNoWindow = true };
    }

    // Its own session, so that a Ctrl-C in the terminal reaches us and not the server, which we need until the end;
    // a log file and not a pipe, so that the server outlives us without harm.
    private string[] UnixWords(ServerBinaries binaries, int port) =>
    [
        "/bin/sh", "-c", "exec \"$@\" </dev/null >>\"$0\" 2>&1", cluster.Log,
        .. ProcessSession.Own(),
        .. account.Wrap([binaries.Postgres, "-D", cluster.Data, .. Settings(port).SelectMany(pair => new[] { "-c", $"{pair.Key}={pair.Value}" })]),
    ];

    // postgres.exe refuses administrators; pg_ctl starts it with fewer rights.
    private string[] WindowsWords(ServerBinaries binaries, int port) =>
    [
        binaries.Control, "start", "-W", "-D", cluster.Data, "-l", cluster.Log,
        "-o", string.Join(' ', Settings(port).Where(pair => pair.Key != "unix_socket_directories").Select(pair => $"-c {pair.Key}={pair.Value}")),
    ];

    private IEnumerable<KeyValuePair<string, string>> Settings(int port) =>
        OurSettings
            .Where(pair => !settings.ContainsKey(pair.Key))
            .Concat(settings)
            .Append(new("port", port.ToString(CultureInfo.InvariantCulture)));

    private static int FreePort(int? wanted)
    {
        using var listener = new TcpListener(IPAddress.Loopback, wanted ?? 0);
        try
        {
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException) when (wanted is not null)
        {
            return FreePort(null);
        }
    }
}
