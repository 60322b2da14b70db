using System.Globalization;
using System.Security.Cryptography;
using static System.FormattableString;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>The files of a cluster: its data, its password, its log. They last from start to start.</summary>
internal sealed class Cluster(string folder, string place, Account account)
{
    internal const string Superuser = "bubblesync";

    private const long LongLog = 4 * 1024 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    internal string Data { get; } = Path.Combine(place, "data");

    internal string Log { get; } = Path.Combine(folder, "postgres.log");

    private string PortFile { get; } = Path.Combine(folder, "port");

    private string PasswordFile { get; } = Path.Combine(folder, "password");

    /// <summary>The major version that the data belong to, or null where there are none yet.</summary>
    internal int? Major()
    {
        var file = Path.Combine(Data, "PG_VERSION");
        return File.Exists(file) ? int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Creates the cluster if there is none; rejects one of another major version.</summary>
    internal async Task PrepareAsync(ServerBinaries binaries, bool durable, CancellationToken cancellationToken)
    {
        if (Major() is { } major)
        {
            if (major != binaries.Major)
                throw new EmbeddedPostgresException(
                    Invariant($"The data in {Data} belong to PostgreSQL {major}, but {binaries.Folder} is {binaries.Major}. ")
                    + Invariant($"Install PostgreSQL {major} or name it with {BinarySearch.Variable}, or delete {folder} to begin with empty data."));
            return;
        }

        // Made under another name first: a start that was killed leaves nothing that looks complete.
        var unfinished = Path.Combine(place, "data.new");
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(unfinished);
        await account.GiveAsync(unfinished, cancellationToken);
        await InitializeAsync(binaries, unfinished, durable, cancellationToken);
        Directory.Move(unfinished, Data);
    }

    internal string Password() => File.Exists(PasswordFile)
        ? File.ReadAllText(PasswordFile)
        : throw new EmbeddedPostgresException($"The password of the cluster, {PasswordFile}, is gone. Delete {folder} to begin with empty data.");

    /// <summary>The port of the last start, so that an address stays valid; null where there is none.</summary>
    internal int? LastPort() =>
        File.Exists(PortFile) && int.TryParse(File.ReadAllText(PortFile), NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : null;

    internal void RememberPort(int port) => File.WriteAllText(PortFile, port.ToString(CultureInfo.InvariantCulture));

    /// <summary>Reads the end of the server's log, for an error message.</summary>
    internal string LogTail() => File.Exists(Log) ? string.Join('\n', File.ReadLines(Log).TakeLast(15)) : "(no log)";

    /// <summary>Begins a new log if the old one is too long.</summary>
    internal void TrimLog()
    {
        if (File.Exists(Log) && new FileInfo(Log).Length > LongLog)
            File.Delete(Log);
    }

    private async Task InitializeAsync(ServerBinaries binaries, string data, bool durable, CancellationToken cancellationToken)
    {
        var password = RandomNumberGenerator.GetHexString(48, lowercase: true);
        var handed = Path.Combine(place, "password.new");
        try
        {
            WriteSecret(PasswordFile, password);
            WriteSecret(handed, password);
            await account.GiveAsync(handed, cancellationToken);

            string[] words =
            [
                binaries.Initdb, "-D", data, "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256",
                $"--username={Superuser}", $"--pwfile={handed}", .. durable ? Array.Empty<string>() : ["--no-sync"],
            ];
            var answer = await account.RunAsync(words, Limit, cancellationToken, place);
            if (!answer.Succeeded)
                throw new EmbeddedPostgresException($"{binaries.Initdb} could not make a cluster in {place}: {answer.Output}");
        }
        finally
        {
            File.Delete(handed);
        }
    }

    private static void WriteSecret(string path, string secret)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(path, options);
        writer.Write(secret);
    }
}
