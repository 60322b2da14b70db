using System.Text.RegularExpressions;
using BubbleSync.Tests.Scripts;
using Xunit;

namespace BubbleSync.Tests.Packages;

/// <summary>Which version a build takes, in a repository of its own that has our build files.</summary>
public sealed partial class VersionTests : IDisposable
{
    private static readonly string[] Commit = ["commit", "-q", "--allow-empty", "-m", "x"];

    private readonly string _around = Directory.CreateTempSubdirectory("bubblesync-version-").FullName;
    private readonly string _folder;

    public VersionTests()
    {
        _folder = Directory.CreateDirectory(Path.Combine(_around, "ours")).FullName;
        foreach (var file in new[] { "Directory.Build.props", "Directory.Build.targets" })
            File.Copy(Path.Combine(Repository.Root, file), Path.Combine(_folder, file));
        File.WriteAllText(Path.Combine(_folder, "some.proj"), """<Project><Import Project="Directory.Build.props" /><Import Project="Directory.Build.targets" /></Project>""");
    }

    [ProgramTheory("git")]
    [InlineData("0.1.0", "commit")]
    [InlineData("1.2.3", "commit", "tag v1.2.3")]
    [InlineData("1.2.4-dev.2", "commit", "tag v1.2.3", "commit", "commit")]
    [InlineData("1.2.4-dev.1", "commit", "tag v1.2.3", "commit", "tag v2.0.0-rc.1", "tag vague")]
    public async Task A_version_is_that_of_the_last_release_and_then_higher(string version, params string[] history)
    {
        await GitAsync(_folder, "init", "-q");
        foreach (var step in history)
            await GitAsync(_folder, step == "commit" ? Commit : step.Split(' '));

        Assert.Equal(version, await VersionAsync());
    }

    [ProgramFact("git")]
    public async Task A_version_that_is_given_stays()
    {
        await GitAsync(_folder, "init", "-q");
        await GitAsync(_folder, Commit);
        await GitAsync(_folder, "tag", "v1.2.3");

        Assert.Equal("2.0.0-rc.1", await VersionAsync(["-p:Version=2.0.0-rc.1"]));
    }

    [ProgramFact("git")]
    public async Task A_repository_around_ours_is_not_asked()
    {
        await GitAsync(_around, "init", "-q");
        await GitAsync(_around, Commit);
        await GitAsync(_around, "tag", "v1.2.3");

        Assert.Equal("0.1.0", await VersionAsync());
    }

    [UnixFact]
    public async Task Without_git_there_is_a_version_too()
    {
        Directory.CreateDirectory(Path.Combine(_folder, ".git"));

        File.CreateSymbolicLink(Path.Combine(_folder, "sh"), "/bin/sh");

        Assert.Equal("0.1.0", await VersionAsync([], ("PATH", _folder)));
    }

    [Fact]
    public async Task The_program_tells_its_version()
    {
        var told = await ChildProcess.BubblesyncAsync(_folder, ["--version"]);

        Assert.Matches(VersionForm(), told.Output);
    }

    public void Dispose()
    {
        // Git's own files are read-only.
        foreach (var file in Directory.GetFiles(_around, "*", SearchOption.AllDirectories))
            File.SetAttributes(file, FileAttributes.Normal);
        Directory.Delete(_around, recursive: true);
    }

    private async Task<string> VersionAsync(string[]? words = null, params (string, string?)[] environment)
    {
        // By its path, for a test may take the PATH away.
        var asked = await ChildProcess.RunAsync(_folder, Path.Combine(ChildProcess.DotnetFolder, "dotnet"), ["msbuild", "some.proj", "-t:VersionFromGit", "-getProperty:Version", .. words ?? []], environment);
        Assert.True(asked.Code == 0, asked.All);
        return asked.Output.Trim();
    }

    private static async Task GitAsync(string folder, params string[] words)
    {
        var done = await ChildProcess.RunAsync(
            folder, "git", words,
            ("GIT_CONFIG_GLOBAL", Path.Combine(folder, "none")), ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_DIR", null), ("GIT_WORK_TREE", null),
            ("GIT_AUTHOR_NAME", "x"), ("GIT_AUTHOR_EMAIL", "x@example.com"), ("GIT_COMMITTER_NAME", "x"), ("GIT_COMMITTER_EMAIL", "x@example.com"));
        Assert.True(done.Code == 0, done.All);
    }

    [GeneratedRegex(@"^\d+\.\d+\.\d+(-dev\.\d+)?(\+[0-9a-f]{40})?\s*$")]
    private static partial Regex VersionForm();
}
