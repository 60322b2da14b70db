using System.Diagnostics;
using System.Runtime.InteropServices;
using static System.FormattableString;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>A server by its process id, whoever started it: whether it runs, and the ways to end it.</summary>
internal sealed class ServerProcess(int id)
{
    private const int Interrupt = 2;
    private const int Quit = 3;
    private const int Kill = 9;

    private static readonly TimeSpan FastLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ImmediateLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Whether a PostgreSQL runs under this id. An id that another program has now, or a zombie process, does not count.</summary>
    internal bool IsRunning()
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return process.ProcessName.StartsWith("postgres", StringComparison.Ordinal) && !IsZombie();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Whether the server of these data runs under this id. After a restart of the machine, another server may have the id.</summary>
    internal bool IsRunningOn(string data) => IsRunning() && !IsOfOtherData(data);

    /// <summary>Whether a PostgreSQL that runs under this id certainly works on other data; known on Linux only.</summary>
    internal bool IsOfOtherData(string data)
    {
        if (!OperatingSystem.IsLinux())
            return false;

        try
        {
            var words = File.ReadAllText(Invariant($"/proc/{id}/cmdline")).Split('\0');
            // A process that is no server but a part of one has a title instead. A folder that was moved while its server runs is gone from its old place.
            return Array.IndexOf(words, "-D") is >= 0 and var place
                ? words[place + 1] is var other && other != data && Directory.Exists(other) && !IsWorkingIn(data)
                : words[0].StartsWith("postgres: ", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // One folder has several names where links lead to it: a file that is made under one is there under the other. A server works in the folder of its data.
    private bool IsWorkingIn(string data)
    {
        if (!Directory.Exists(data))
            return false;

        var mark = Path.Combine(data, $"bubblesync-{Guid.NewGuid():N}");
        File.WriteAllText(mark, "");
        try
        {
            return File.Exists(Invariant($"/proc/{id}/cwd/{Path.GetFileName(mark)}"));
        }
        finally
        {
            File.Delete(mark);
        }
    }

    /// <summary>Ends the server: fast, which loses nothing, or immediate, which is a crash; then kills it if it runs on.</summary>
    internal async Task StopAsync(bool immediate, ServerBinaries binaries, string data, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            string[] words = [binaries.Control, "stop", "-D", data, "-m", immediate ? "immediate" : "fast", "-w", "-t", "30"];
            await Command.RunAsync(words, FastLimit + ImmediateLimit, cancellationToken);
            return;
        }

        if (!immediate && await EndsAfterAsync(Interrupt, FastLimit, cancellationToken))
            return;
        if (await EndsAfterAsync(Quit, ImmediateLimit, cancellationToken))
            return;
        if (!await EndsAfterAsync(Kill, ImmediateLimit, cancellationToken))
            throw new EmbeddedPostgresException(Invariant($"PostgreSQL, process {id}, in {data} does not end. End it by hand."));
    }

    private async Task<bool> EndsAfterAsync(int signal, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (!IsRunning())
            return true;

        _ = SendSignal(id, signal);
        for (var waited = TimeSpan.Zero; waited < limit; waited += Pause)
        {
            if (!IsRunning())
                return true;
            await Task.Delay(Pause, cancellationToken);
        }

        return false;
    }

    private bool IsZombie()
    {
        if (!OperatingSystem.IsLinux())
            return false;

        try
        {
            // "pid (name) state …", and a name may hold anything.
            var line = File.ReadAllText(Invariant($"/proc/{id}/stat"));
            return line[(line.LastIndexOf(')') + 1)..].TrimStart().StartsWith('Z');
        }
        catch (IOException)
        {
            return true;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);
}
