using System.Diagnostics;

namespace BubbleSync.Tests.Scripts;

/// <summary>
/// A small repository with our real <c>run.sh</c> and a stand-in for <c>dotnet</c>: it publishes empty programs, and as the program
/// says its folder, its words and its home, and ends with <c>FAKE_CODE</c>.
/// </summary>
internal sealed class ScriptFolder : IDisposable
{
    private const string StandIn =
        """
        #!/bin/sh
        case $1 in
          publish)
            echo published >>"$FAKE_LOG"
            echo "$FAKE_ERROR"
            case "$FAKE_ERROR $*" in *?" publish"*"PublishReadyToRun=${FAKE_FAILS_AT:-true}"* | *?" publish"*PublishAot=true*) exit 1 ;; esac
            while [ "$1" != -o ]; do shift; done
            mkdir -p "$2"
            : >"$2/bubblesync.dll"
            : >"$2/bubblesync"
            chmod +x "$2/bubblesync"
            ;;
          *)
            case $1 in *.dll) shift ;; esac
            echo "in $PWD"
            echo "words $*"
            echo "home $DOTNET_CLI_HOME"
            exit "${FAKE_CODE:-0}"
            ;;
        esac
        """;

    internal ScriptFolder()
    {
        Write("bin/dotnet", StandIn);
        foreach (var script in new[] { "run.sh", ".ci/run" })
            Write(script, File.ReadAllText(System.IO.Path.Combine(Repository.Root, script)));
        foreach (var source in new[] { "src/BubbleSync.Cli/Program.cs", "config/bubblesync.json", "Directory.Build.props", "global.json", "BannedSymbols.txt" })
            Write(source, "as it was");
    }

    // The scripts speak of real paths, and a temp folder may be a link. The blank is there to be stumbled over.
    internal string Path { get; } = Directory.CreateTempSubdirectory("bubblesync scripts-").FullName;

    internal int ProgramsKept => Directory.GetDirectories(System.IO.Path.Combine(Path, ".bubblesync", "app")).Length;

    internal int TimesPublished => File.Exists(Log) ? File.ReadAllLines(Log).Length : 0;

    private string Log => System.IO.Path.Combine(Path, "published.log");

    internal void Write(string name, string text, DateTime? at = null)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (at is { } moment)
            File.SetLastWriteTimeUtc(path, moment);
    }

    internal void Delete(string name) => File.Delete(System.IO.Path.Combine(Path, name));

    /// <summary>Runs a script from a folder with the words; the environment is ours but for what is named, and null takes a variable away.</summary>
    internal async Task<(int Code, string Output)> RunAsync(
        string script, string folder, string[] words, params (string Name, string? Value)[] environment)
    {
        var description = new ProcessStartInfo(System.IO.Path.Combine(Path, script), words)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["PATH"] = $"{Path}/bin:{Environment.GetEnvironmentVariable("PATH")}",
                ["FAKE_LOG"] = Log,
            },
        };
        foreach (var (name, value) in environment)
            description.Environment[name] = value;

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var process = Process.Start(description)!;
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        var said = await output + await errors;
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, said);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
