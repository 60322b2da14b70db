using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BubbleSync.EmbeddedPostgres;
using Npgsql;

namespace BubbleSync.Tests.Postgres;

/// <summary>A PgBouncer of its own in front of a database, with the settings that it is installed with.</summary>
internal sealed class PgBouncer : IAsyncDisposable
{
    private const int UsualPoolSize = 20;

    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private PgBouncer(Process process, DirectoryInfo folder, string connectionString) =>
        (_process, _folder, ConnectionString) = (process, folder, connectionString);

    /// <summary>The database behind it, reached through it.</summary>
    public string ConnectionString { get; }

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="target">The database.</param>
    /// <param name="mode"><c>session</c>, <c>transaction</c> or <c>statement</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="poolSize">How many of the server's sessions it takes.</param>
    /// <param name="more">Another line of its settings.</param>
    public static async Task<PgBouncer> StartAsync(
        string target, string mode, CancellationToken cancellationToken, int poolSize = UsualPoolSize, string more = "")
    {
        var server = new NpgsqlConnectionStringBuilder(target);
        var port = FreePort();
        var folder = Directory.CreateTempSubdirectory("pgbouncer-");
        var settings = Path.Combine(folder.FullName, "pgbouncer.ini");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "userlist.txt"), $"\"{server.Username}\" \"{server.Password}\"\n", cancellationToken);
        await File.WriteAllTextAsync(
            settings,
            string.Create(CultureInfo.InvariantCulture, $"""
                [databases]
                {server.Database} = host={server.Host} port={server.Port}
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = {port}
                unix_socket_dir =
                auth_type = scram-sha-256
                auth_file = {folder.FullName}/userlist.txt
                logfile = {folder.FullName}/pgbouncer.log
                pidfile = {folder.FullName}/pgbouncer.pid
                pool_mode = {mode}
                default_pool_size = {poolSize}
                {more}

                """),
            cancellationToken);

        // It refuses to run as root, as PostgreSQL does.
        var account = await Account.FindAsync(cancellationToken);
        await account.GiveAsync(folder.FullName, cancellationToken);
        var words = account.Wrap([PgBouncerProgram.Here.Path!, "-q", settings]);
        var start = new ProcessStartInfo(words[0], words.Skip(1)) { WorkingDirectory = "/", RedirectStandardError = true };
        if (PgBouncerProgram.Here.Libraries is { } libraries)
            start.Environment["LD_LIBRARY_PATH"] = libraries;
        var pooled = new NpgsqlConnectionStringBuilder(target) { Host = "127.0.0.1", Port = port };
        pooled.Remove("Maximum Pool Size");
        var bouncer = new PgBouncer(Process.Start(start)!, folder, pooled.ConnectionString);
        await bouncer.UntilItAnswersAsync(port, cancellationToken);
        return bouncer;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task UntilItAnswersAsync(int port, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                return;
            }
            catch (SocketException)
            {
                if (_process.HasExited)
                    throw new InvalidOperationException($"PgBouncer has ended: {await _process.StandardError.ReadToEndAsync(cancellationToken)}");
                await Task.Delay(10, cancellationToken);
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
