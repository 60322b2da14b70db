using System.Diagnostics;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>A small shell that outlives its owner: if the owner ends unexpectedly, it stops the server, unless another owner lives or it is kept.</summary>
internal sealed class Watchdog : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    // It waits a moment first: a quick restart after a kill finds the server still running.
    // The mark is set before the owners are checked, and a new owner signs in before it checks the mark: one of the two always finds the other.
    private const string Script =
        """
        exec >/dev/null 2>&1
        trap '' HUP INT TERM
        owners=$1 mine=$2 mark=$3 kept=$4 data=$5
        shift 5
        read -r word && exit 0
        sleep 2
        rm -f "$mine"

        [ ! -e "$kept" ] || exit 0
        : > "$mark"
        for owner in "$owners"/*; do
          name=${owner##*/}
          if kill -0 "${name%%.*}"; then rm -f "$mark"; exit 0; fi
        done
        if read -r server < "$data/postmaster.pid"; then
          case $(cat "/proc/$server/comm" || ps -o comm= -p "$server") in
            *postgres*) kill -INT "$server" ;;
          esac
        fi
        rm -f "$mark"

        [ $# -gt 0 ] || exit 0
        tries=0
        while [ -e "$data/postmaster.pid" ] && [ $tries -lt 30 ]; do sleep 1; tries=$((tries + 1)); done
        rm -rf "$@"
        """;

    private readonly Process _process;

    private Watchdog(Process process) => _process = process;

    /// <summary>Starts one for an owner; gives null on Windows, where the next start on the folder finds the server instead.</summary>
    internal static Watchdog? Start(Owners owners, string mine, string data, IEnumerable<string> deleteAtEnd)
    {
        if (OperatingSystem.IsWindows())
            return null;

        string[] words = [.. ProcessSession.Own(), "/bin/sh", "-c", Script, "sh", owners.Folder, mine, owners.Mark, owners.Kept, data, .. deleteAtEnd];
        var description = new ProcessStartInfo(words[0], words.Skip(1)) { RedirectStandardInput = true, WorkingDirectory = "/" };
        return new(Process.Start(description)!);
    }

    /// <summary>Waits while a watchdog is stopping the server that we want to join. A mark that stays is from a killed watchdog.</summary>
    internal static async Task LetPassAsync(Owners owners, CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; waited < Limit && File.Exists(owners.Mark); waited += Pause)
            await Task.Delay(Pause, cancellationToken);
        File.Delete(owners.Mark);
    }

    /// <summary>Ends it: the owner has done the work itself.</summary>
    public void Dispose()
    {
        try
        {
            _process.StandardInput.WriteLine("done");
            _process.StandardInput.Close();
            _process.WaitForExit(Limit);
        }
        catch (IOException)
        {
            // It was killed before us.
        }

        _process.Dispose();
    }
}
