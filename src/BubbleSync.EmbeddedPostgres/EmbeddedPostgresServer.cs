using System.Diagnostics;
using static System.FormattableString;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>A private PostgreSQL on a loopback port: started or, where it runs already, shared. The last owner stops it, unless it is kept.</summary>
public sealed class EmbeddedPostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan AdoptLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    private readonly EmbeddedPostgresOptions _options;
    private readonly string _folder;
    private readonly string _place;
    private readonly Cluster _cluster;
    private readonly Account _account;
    private readonly Owners _owners;
    private readonly FileStream _signedIn;
    private readonly Watchdog? _watchdog;

    private ServerBinaries? _binaries;
    private PidFile? _running;
    private int _disposed;

    private EmbeddedPostgresServer(EmbeddedPostgresOptions options, string folder, string place, Account account)
    {
        _options = options;
        _folder = folder;
        _place = place;
        _account = account;
        _cluster = new(folder, place, account);
        _owners = new(place);
        _signedIn = _owners.SignIn();
        _watchdog = Watchdog.Start(_owners, _signedIn.Name, _cluster.Data, options.Temporary ? [place, folder] : []);
    }

    /// <summary>How to connect, as Npgsql keywords, password included: not for a log.</summary>
    public string ConnectionString => Probe.ConnectionString(_cluster, Port, _options.Database);

    /// <summary>The loopback port that the server listens on.</summary>
    public int Port => Running.Port;

    /// <summary>The process id of the server. A restart changes it.</summary>
    public int ProcessId => Running.ProcessId;

    /// <summary>The version of the server, e.g. 17.2.</summary>
    public Version ServerVersion { get; private set; } = new();

    /// <summary>Where the server's programs are.</summary>
    public string BinFolder => Binaries.Folder;

    private PidFile Running => _running ?? throw new InvalidOperationException("The server is not started.");

    private ServerBinaries Binaries => _binaries ?? throw new InvalidOperationException("The server is not started.");

    /// <summary>Starts the cluster of a folder, created if missing, or joins the server that runs on it already and keeps that server's settings.</summary>
    /// <exception cref="EmbeddedPostgresException">No PostgreSQL is available, or it does not start; the message says how to fix it.</exception>
    public static async Task<EmbeddedPostgresServer> StartAsync(EmbeddedPostgresOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);

        try
        {
            var folder = Path.GetFullPath(options.Folder);
            var account = await Account.FindAsync(cancellationToken);
            var place = await ReachableFolder.ResolveAsync(folder, account, cancellationToken);
            if (!account.IsAnother && !OperatingSystem.IsWindows())
                File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

            var server = new EmbeddedPostgresServer(options, folder, place, account);
            try
            {
                await server.OpenAsync(cancellationToken);
                AppDomain.CurrentDomain.ProcessExit += server.StopAtExit;
                return server;
            }
            catch
            {
                await server.DisposeAsync();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedPostgresException(
                $"{options.Folder} cannot be used for a PostgreSQL cluster: {e.Message} Name a folder that this user may write.", e);
        }
    }

    /// <summary>Stops the server and starts it on the same port: fast, which loses nothing, or <paramref name="immediate"/>, which is a crash.</summary>
    public async Task RestartAsync(bool immediate, CancellationToken cancellationToken)
    {
        using var alone = await FolderLock.TakeAsync(_place, cancellationToken);
        await new ServerProcess(ProcessId).StopAsync(immediate, Binaries, _cluster.Data, cancellationToken);
        _running = await StartServerAsync(Port, cancellationToken);
    }

    /// <summary>Keeps the server running when its last owner leaves, until <see cref="ReleaseAsync"/>, or until the server or the machine is stopped.</summary>
    public async Task KeepAsync(CancellationToken cancellationToken)
    {
        using var alone = await FolderLock.TakeAsync(_place, cancellationToken);
        await File.WriteAllTextAsync(_owners.Kept, "", cancellationToken);
    }

    /// <summary>Lets the last owner stop the server again.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        using var alone = await FolderLock.TakeAsync(_place, cancellationToken);
        File.Delete(_owners.Kept);
    }

    /// <summary>Signs out; the last owner stops the server, and deletes the folder if it is temporary.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        AppDomain.CurrentDomain.ProcessExit -= StopAtExit;
        var wasLast = await LeaveAsync();
        _watchdog?.Dispose();
        if (wasLast && _options.Temporary)
            Delete();
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        using var alone = await FolderLock.TakeAsync(_place, cancellationToken);
        await Watchdog.LetPassAsync(_owners, cancellationToken);
        _running = await JoinAsync(cancellationToken);
        if (_running is null)
        {
            var npm = Path.Combine(Path.GetDirectoryName(_folder) ?? _folder, "npm");
            var search = new BinarySearch(_account, npm, Environment.GetEnvironmentVariable(BinarySearch.Variable));
            _binaries = await search.FindAsync(_options.BinFolder, _cluster.Major(), cancellationToken);
            await _cluster.PrepareAsync(_binaries, durable: _options.Settings.GetValueOrDefault("fsync") != "off", cancellationToken);
            _cluster.TrimLog();
            File.Delete(_owners.Kept);
            _running = await StartServerAsync(null, cancellationToken);
        }

        ServerVersion = await Probe.EnsureDatabaseAsync(_cluster, Port, _options.Database, _options.Fresh, cancellationToken);
    }

    /// <summary>Signs out, and stops the server if no other owner remains and it is not kept; returns whether it did.</summary>
    private async Task<bool> LeaveAsync()
    {
        using var alone = await FolderLock.TakeAsync(_place, CancellationToken.None);
        await _signedIn.DisposeAsync();
        if (_owners.AnyAlive() || File.Exists(_owners.Kept))
            return false;

        if (_binaries is not null && PidFile.Read(_cluster.Data) is { } running)
            await new ServerProcess(running.ProcessId).StopAsync(immediate: false, _binaries, _cluster.Data, CancellationToken.None);
        return true;
    }

    private Task<PidFile> StartServerAsync(int? port, CancellationToken cancellationToken) =>
        new Postmaster(_cluster, _account, _options.Settings).StartAsync(Binaries, port, cancellationToken);

    /// <summary>Finds the server that runs on our data already, left by a killed owner or shared with a living one; null if there is none.</summary>
    private async Task<PidFile?> JoinAsync(CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; waited < AdoptLimit; waited += Pause)
        {
            if (PidFile.Read(_cluster.Data) is not { } found)
                return null;

            if (!new ServerProcess(found.ProcessId).IsRunningOn(_cluster.Data))
            {
                // The next server checks the file of a dead one, but it would mistake anything with that id for a server.
                ForgetStranger(found);
                return null;
            }

            if (await Probe.AnswersAsync(_cluster, found.Port, cancellationToken))
            {
                if (await Probe.IsOwnAsync(_cluster, found.Port, cancellationToken))
                    return await JoinedAsync(found, cancellationToken);

                // The folder is a copy of one whose server runs.
                File.Delete(PidFile.PathIn(_cluster.Data));
                return null;
            }

            await Task.Delay(Pause, cancellationToken);
        }

        throw new EmbeddedPostgresException(
            Invariant($"A PostgreSQL runs on {_cluster.Data} already and does not answer after {AdoptLimit.TotalSeconds:0} s. Its log, {_cluster.Log}, ")
                + Invariant($"ends with:\n{_cluster.LogTail()}"));
    }

    private async Task<PidFile> JoinedAsync(PidFile found, CancellationToken cancellationToken)
    {
        // The first word of this file is the program that runs.
        var words = await File.ReadAllTextAsync(Path.Combine(_cluster.Data, "postmaster.opts"), cancellationToken);
        var program = words.Split(" \"")[0].Trim('"');
        var (binaries, reason) = await ServerBinaries.ProbeAsync(Path.GetDirectoryName(program) ?? "", _account, cancellationToken);
        _binaries = binaries ?? throw new EmbeddedPostgresException(Invariant($"The PostgreSQL that runs on {_cluster.Data} has lost its programs: ")
            + Invariant($"{reason}. Stop process {found.ProcessId}."));
        return found;
    }

    private void ForgetStranger(PidFile found)
    {
        try
        {
            // Another program, the server of other data, or a zombie, which stays where nobody collects it, as in a container without an init.
            using var process = Process.GetProcessById(found.ProcessId);
            File.Delete(PidFile.PathIn(_cluster.Data));
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // No process has this id.
        }
    }

    // An exit handler cannot await: it blocks.
    private void StopAtExit(object? sender, EventArgs e)
    {
        var stopped = DisposeAsync().AsTask();
        SpinWait.SpinUntil(() => stopped.IsCompleted, ExitLimit);
    }

    private void Delete()
    {
        foreach (var folder in new[] { _place, _folder }.Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
    }
}
