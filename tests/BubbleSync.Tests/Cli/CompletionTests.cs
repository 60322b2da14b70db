using BubbleSync.Tests.Scripts;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>Tab completion: what the program suggests, and that shells hand it on.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class CompletionTests : IDisposable
{
    // Stands in for the program's name on the PATH.
    private const string Program =
        """
        #!/bin/sh
        exec dotnet "$BUBBLESYNC_DLL" "$@"
        """;

    private const string Bash =
        """
        source <(bubblesync completion bash)
        complete -p bubblesync
        COMP_LINE=$1 COMP_POINT=${#1}
        word=${1##*[ =]}
        _bubblesync bubblesync "$word"
        printf '%s\n' "${COMPREPLY[@]}"
        """;

    // The two commands of zsh that only work under the line editor.
    private const string Zsh =
        """
        compdef() { print -r -- "compdef $*" }
        compset() { }
        compadd() { print -rl -- ${(P)2} }
        _files() { }
        source <(bubblesync completion zsh)
        words=("${(@s: :)1}")
        CURRENT=$#words
        _bubblesync
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("bubblesync completion-").FullName;

    public CompletionTests()
    {
        Write("bin/bubblesync", Program);
        Write("own/settings.json", "{}");
        Write("own/entities/warranty.json",
            """{ "name": "warranty", "bubbleType": "w", "table": "w", "key": "id", "fields": [{ "column": "id", "type": "text", "from": "_id" }] }""");
    }

    public static TheoryData<string, string> Lines => new()
    {
        { "bubblesync re", "report resync" },
        { "bubblesync report last --x", "--xlsx" },
        { "bubblesync sync ", "incremental invoice range record" },
        { "bubblesync resync --max-", "--max-calls --max-rejects" },
        { "bubblesync resync --force --ent", "--entity" },
        { "bubblesync resync --resume --max-c", "--max-calls" },
        { "bubblesync resync --prune s", "soft" },
        { "bubblesync --output ", "json text" },
        { "bubblesync resync --output=j", "json" },
        { "bubblesync runs log last --level w", "warning" },
        { "bubblesync resync --entity agent --entity inv", "invoice invoice_item" },
        { "bubblesync runs log last --entity ag", "agent" },
        { "bubblesync --config own/settings.json sync incremental --entity ", "warranty" },
        { "bubblesync patch 03", "030-invoice-items" },
        { "bubblesync patch --quiet 03", "030-invoice-items" },
        { "bubblesync simulate --fault tru", "truncated truncated-http" },
        { "bubblesync completion ", "bash fish powershell zsh" },
        { "bubblesync --config nowhere.json resync --entity ", "" },
        { "bubblesync audit fields --csv ", "" },
        { "bubblesync resync --max-rejects 2% \"q", "" },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task The_program_suggests_what_may_follow(string line, string candidates)
    {
        var outcome = await ChildProcess.BubblesyncAsync(_folder, [$"[suggest:{line.Length}]", line]);

        Assert.Equal((0, candidates, ""), (outcome.Code, Words(outcome.Output), outcome.Error));
    }

    [Fact]
    public async Task What_follows_the_cursor_does_not_count()
    {
        var outcome = await ChildProcess.BubblesyncAsync(_folder, ["[suggest:13]", "bubblesync re --entity x"]);

        Assert.Equal("report resync", Words(outcome.Output));
    }

    [ProgramTheory("bash")]
    [InlineData("bubblesync re", "report resync")]
    [InlineData("bubblesync resync --output=j", "json")]
    [InlineData("bubblesync --config own/settings.json resync --entity ", "warranty")]
    [InlineData("bubblesync audit fields --csv ", "")]
    public async Task Bash_completes(string line, string candidates) =>
        Assert.Equal($"complete -o default -F _bubblesync bubblesync {candidates}".Trim(), await InShellAsync("bash", ["-c", Bash, "bash", line]));

    [ProgramTheory("zsh")]
    [InlineData("bubblesync re", "report resync")]
    [InlineData("bubblesync resync --output=j", "json")]
    [InlineData("bubblesync --config own/settings.json resync --entity ", "warranty")]
    [InlineData("bubblesync audit fields --csv ", "")]
    public async Task Zsh_completes(string line, string candidates) =>
        Assert.Equal($"compdef _bubblesync bubblesync {candidates}".Trim(), await InShellAsync("zsh", ["-fc", Zsh, "zsh", line]));

    [Theory]
    [InlineData("bash", "complete -o default -F _bubblesync bubblesync")]
    [InlineData("zsh", "compdef _bubblesync bubblesync")]
    [InlineData("fish", "complete --command bubblesync")]
    [InlineData("powershell", "Register-ArgumentCompleter -Native -CommandName bubblesync")]
    public async Task Each_script_registers_itself_and_asks_the_program(string shell, string registers)
    {
        var script = await ChildProcess.BubblesyncAsync(_folder, ["completion", shell]);

        Assert.Equal((0, ""), (script.Code, script.Error));
        Assert.Contains(registers, script.Output, StringComparison.Ordinal);
        Assert.Contains("\"[suggest:$", script.Output, StringComparison.Ordinal);
        Assert.Contains($"bubblesync completion {shell}", script.Output, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<string> InShellAsync(string shell, string[] words)
    {
        var outcome = await ChildProcess.RunAsync(
            _folder, shell, words,
            ("PATH", $"{_folder}/bin:{Environment.GetEnvironmentVariable("PATH")}"),
            ("BUBBLESYNC_DLL", TestedProgram.Path));
        Assert.True(outcome is { Code: 0, Error: "" }, outcome.All);
        return Words(outcome.Output);
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static string Words(string lines) => string.Join(' ', lines.Split('\n', StringSplitOptions.RemoveEmptyEntries));
}
