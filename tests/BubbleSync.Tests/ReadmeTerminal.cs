using System.Diagnostics;
using System.Text.RegularExpressions;
using BubbleSync.Tests.EmbeddedPostgres;
using BubbleSync.Tests.Resync;

namespace BubbleSync.Tests;

/// <summary>A reader's terminal: an empty folder, the variables that were exported, and in another one the simulator that was started.</summary>
internal sealed partial class ReadmeTerminal(PostgresFixture postgres) : IAsyncDisposable
{
    private const string Program = "bubblesync";

    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(6));
    private readonly Dictionary<string, string> _environment = [];
    private Process? _simulator;

    /// <summary>Where commands run and files are written.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("bubblesync-readme-").FullName;

    /// <summary>Does what a line says and gives what came of it. A simulator goes on serving; it comes with a database of its own.</summary>
    public async Task<ReadmeOutcome> RunAsync(string line)
    {
        var words = line.Split(' ');
        return words[0] switch
        {
            "export" => await ExportAsync(words[1].Split('=')[0]),
            "echo" => await WriteAsync(words[1], words[3]),
            "head" => new(0, File.ReadLines(Path.Combine(Folder, words[2])).Take(int.Parse(words[1].TrimStart('-'), null)), []),
            Program when words[1] == "simulate" && words[^1] != "--help" => await SimulateAsync(words[1..]),
            Program => await EndAsync(Start(TestedProgram.Path, Folder, words[1..])),
            _ => throw new NotSupportedException($"The tests do not know how to run '{line}'."),
        };
    }

    /// <summary>Runs what a program of the tests does in this terminal, from another folder.</summary>
    public Task<ReadmeOutcome> RunOwnAsync(string folder, params string[] words) => EndAsync(Start("BubbleSync.Tests.dll", folder, words));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _limit.Dispose();
        ClusterFolder.Delete(Folder);
    }

    private async Task<ReadmeOutcome> WriteAsync(string text, string file)
    {
        await File.WriteAllTextAsync(Path.Combine(Folder, file), text, _limit.Token);
        return new(0, [], []);
    }

    // Whatever address and token the README shows, each reader has another one: here those of a simulator.
    private async Task<ReadmeOutcome> ExportAsync(string name)
    {
        if (_simulator is null)
            await SimulateAsync(["simulate", "--invoices", "20"]);
        if (!_environment.ContainsKey(name))
            throw new InvalidDataException($"README.md exports {name}, which says nothing to the program.");
        return new(0, [], []);
    }

    private async Task<ReadmeOutcome> SimulateAsync(string[] words)
    {
        await StopAsync();
        // A port that is free, whichever one the README has: another test may have that.
        _simulator = Start(TestedProgram.Path, Folder, [.. words.Where((word, i) => word != "--port" && words[Math.Max(i - 1, 0)] != "--port")]);
        string[] settings = [(await _simulator.StandardOutput.ReadLineAsync(_limit.Token))!, (await _simulator.StandardOutput.ReadLineAsync(_limit.Token))!];
        foreach (var (name, value) in settings.Select(s => s.Split('=')).Select(s => (s[0], s[1])))
            _environment[name] = value;
        _environment["BUBBLESYNC_Postgres__ConnectionString"] = await postgres.CreateDatabaseAsync();
        _environment["BUBBLESYNC_Bubble__RequestsPerMinute"] = "1000000";
        return new(0, settings, []);
    }

    private Process Start(string program, string folder, IEnumerable<string> words)
    {
        var start = new ProcessStartInfo("dotnet", words.Prepend(
            Path.Combine(AppContext.BaseDirectory, program)))
        { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        Bubblesync.Forget(start);
        start.Environment["BUBBLESYNC_HOME"] = Path.Combine(Folder, ".bubblesync");
        foreach (var (name, value) in _environment)
            start.Environment[name] = value;
        start.Environment["CI"] = "true";
        return Process.Start(start)!;
    }

    private async Task<ReadmeOutcome> EndAsync(Process started)
    {
        using var process = started;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(_limit.Token), process.StandardError.ReadToEndAsync(_limit.Token));
        await process.WaitForExitAsync(_limit.Token);
        return new(process.ExitCode, (await output).Split('\n'), (await error).Split('\n'));
    }

    private async Task StopAsync()
    {
        if (_simulator is null)
            return;

        _simulator.Kill();
        await _simulator.WaitForExitAsync(_limit.Token);
        _simulator.Dispose();
        _simulator = null;
    }
}

/// <summary>How a command ended and what it said.</summary>
internal sealed partial record ReadmeOutcome(int Code, IEnumerable<string> Output, IEnumerable<string> Error)
{
    /// <summary>What is shown and was not said. Lines between two <c>…</c> come one after the other on one of the two streams.</summary>
    public IEnumerable<string> Missing(ReadmeCommand shown)
    {
        string[] said = [Same(Output), Same(Error)];
        return Omission().Split(string.Join('\n', shown.Output))
            .Select(part => Same(part.Split('\n')))
            .Where(part => !string.IsNullOrWhiteSpace(part) && !said.Any(stream => stream.Contains(part, StringComparison.Ordinal)))
            .Select(part => $"$ {shown.Line}{part}instead of{string.Concat(said)}");
    }

    // What differs from run to run: time, rate, id of the run, port, folder.
    private static string Same(IEnumerable<string> lines)
    {
        var text = "\n" + string.Join('\n', lines.Select(line => line.TrimEnd())) + "\n";
        return Blank().Replace(Varying().Replace(text, "*"), "\n");
    }

    [GeneratedRegex(@"[\d.,]+ s \([\d,]+ a second\)|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=127\.0\.0\.1:)\d+|(?<= )\S*(?=\.bubblesync/)")]
    private static partial Regex Varying();

    [GeneratedRegex("^…$", RegexOptions.Multiline)]
    private static partial Regex Omission();

    [GeneratedRegex(@"\n{2,}")]
    private static partial Regex Blank();
}
