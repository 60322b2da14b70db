using Xunit;

namespace BubbleSync.Tests.Scripts;

/// <summary>What <c>run.sh native</c> does around the build, which a stand-in makes.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class NativeScriptTests : IDisposable
{
    private readonly ScriptFolder _folder = new();

    public NativeScriptTests() => _folder.Write("bin/gcc", "#!/bin/sh\n");

    [UnixFact]
    public async Task It_prints_where_the_program_lies_and_builds_once_for_each_change()
    {
        var (code, output) = await RunAsync();
        var (_, again) = await RunAsync();
        var before = _folder.TimesPublished;
        _folder.Write("src/BubbleSync.Cli/Program.cs", "as it is");
        await RunAsync();

        var program = Path.Combine(_folder.Path, ".bubblesync", "native", "bubblesync");
        Assert.Equal((0, true), (code, File.Exists(program)));
        Assert.StartsWith($"{program}\n", output, StringComparison.Ordinal);
        Assert.Equal($"{program}\n", again);
        Assert.Equal((1, 2), (before, _folder.TimesPublished));
    }

    [UnixFact]
    public async Task What_the_other_words_run_stays_the_portable_program()
    {
        await RunAsync();

        var (_, output) = await _folder.RunAsync("run.sh", _folder.Path, ["plan"]);

        Assert.Contains("words plan\n", output, StringComparison.Ordinal);
        Assert.Equal(1, _folder.ProgramsKept);
    }

    [UnixFact]
    public async Task A_further_word_is_refused_and_nothing_is_built()
    {
        var (code, output) = await _folder.RunAsync("run.sh", _folder.Path, ["native", "--help"]);

        Assert.Equal((3, 0), (code, _folder.TimesPublished));
        Assert.Equal("run.sh: native takes no further words: it builds the native program and prints where it is\n", output);
    }

    [UnixFact]
    public async Task Without_a_linker_one_line_says_what_to_install_and_nothing_is_built()
    {
        _folder.Delete("bin/gcc");
        LinkTools("mkdir", "flock", "cat", "rm", "sleep");

        var (code, output) = await RunAsync(("PATH", Path.Combine(_folder.Path, "bin")));

        Assert.Equal((3, 0), (code, _folder.TimesPublished));
        Assert.Equal("run.sh: the native build needs a linker, but neither clang nor gcc is installed; install one, "
            + "with apt-get install clang zlib1g-dev or xcode-select --install\n", output);
    }

    [UnixFact]
    public async Task A_failed_build_shows_why_and_leaves_the_last_program()
    {
        await RunAsync();
        _folder.Write("src/BubbleSync.Cli/Program.cs", "as it is");

        var (code, output) = await RunAsync(("FAKE_ERROR", "error NU1101: Unable to find package runtime.linux-x64.Microsoft.DotNet.ILCompiler"));

        Assert.Equal(3, code);
        Assert.Contains("NU1101", output, StringComparison.Ordinal);
        Assert.Contains("run.sh: the native build failed; ", output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder.Path, ".bubblesync", "native", "bubblesync")));
    }

    public void Dispose() => _folder.Dispose();

    private Task<(int Code, string Output)> RunAsync(params (string Name, string? Value)[] environment) =>
        _folder.RunAsync("run.sh", _folder.Path, ["native"], environment);

    private void LinkTools(params string[] names)
    {
        var folders = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator);
        foreach (var name in names)
        {
            if (folders.Select(f => Path.Combine(f, name)).FirstOrDefault(File.Exists) is { } tool)
                File.CreateSymbolicLink(Path.Combine(_folder.Path, "bin", name), tool);
        }
    }
}
