using System.Text.RegularExpressions;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Scripts;
using Xunit;

namespace BubbleSync.Tests.Packages;

/// <summary>The version of a build, in a new repository that has our build files and one small project.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed partial class VersionTests : IAsyncLifetime
{
    private static readonly string[] Commit = ["commit", "-q", "--allow-empty", "-m", "x"];

    private readonly string _around = Directory.CreateTempSubdirectory("bubblesync-version-").FullName;
    private readonly string _folder;

    public VersionTests() => _folder = Directory.CreateDirectory(Path.Combine(_around, "ours")).FullName;

    public async Task InitializeAsync()
    {
        foreach (var file in new[] { "Directory.Build.props", "Directory.Packages.props", "BannedSymbols.txt", "global.json" })
            File.Copy(Path.Combine(Repository.Root, file), Path.Combine(_folder, file));
        await File.WriteAllTextAsync(Path.Combine(_folder, "small.csproj"), """<Project Sdk="Microsoft.NET.Sdk" />""");
        await DotnetAsync(["restore", "small.csproj"]);
    }

    [ProgramFact("git")]
    public async Task Each_commit_has_a_higher_version_than_the_one_before()
    {
        List<string> versions = [];
        await GitAsync(_folder, "init", "-q");
        foreach (var step in new[] { "commit", "commit", "tag v1.2.3", "commit", "commit", "tag vague", "tag v1.3.0-rc.1", "tag v1.3.0" })
        {
            await GitAsync(_folder, step == "commit" ? Commit : step.Split(' '));
            versions.Add(await VersionAsync());
        }

        Assert.Equal(["0.2.0-dev", "0.2.0-dev.1", "1.2.3", "1.2.4-dev.1", "1.2.4-dev.2", "1.2.4-dev.2", "1.3.0-rc.1", "1.3.0"], versions);
    }

    [ProgramFact("git")]
    public async Task Two_commits_give_two_packages_and_the_newer_one_is_higher()
    {
        await GitAsync(_folder, "init", "-q");
        await GitAsync(_folder, Commit);
        await GitAsync(_folder, "tag", "v1.2.3");
        await DotnetAsync(["pack", "small.csproj", "-o", "packages"]);

        await GitAsync(_folder, Commit);
        await DotnetAsync(["pack", "small.csproj", "-o", "packages"]);

        Assert.Equal(
            ["small.1.2.3.nupkg", "small.1.2.4-dev.1.nupkg"],
            Directory.GetFiles(Path.Combine(_folder, "packages")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [ProgramFact("git")]
    public async Task A_version_that_is_given_stays()
    {
        await GitAsync(_folder, "init", "-q");
        await GitAsync(_folder, Commit);
        await GitAsync(_folder, "tag", "v1.2.3");

        Assert.Equal("2.0.0-rc.1", await VersionAsync(["-p:MinVerVersionOverride=2.0.0-rc.1"]));
    }

    [ProgramFact("git")]
    public async Task A_source_archive_has_the_default_even_inside_another_repository()
    {
        await GitAsync(_around, "init", "-q");
        await GitAsync(_around, Commit);
        await GitAsync(_around, "tag", "v1.2.3");

        Assert.Equal("0.2.0-dev", await VersionAsync());
        Assert.Equal("1.2.3", await VersionAsync(["-p:Version=1.2.3"]));
    }

    [Fact]
    public async Task A_repository_that_git_cannot_read_has_the_default_and_a_warning()
    {
        Directory.CreateDirectory(Path.Combine(_folder, ".git"));

        var packed = await DotnetAsync(["pack", "small.csproj", "-o", "packages"]);

        Assert.Contains("warning MINVER1001", packed.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder, "packages", "small.0.2.0-dev.nupkg")), packed.All);
    }

    [Fact]
    public async Task No_build_is_lower_than_the_newest_version_in_the_changelog()
    {
        var changelog = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "CHANGELOG.md"));
        var headings = VersionHeading().Matches(changelog).Select(m => m.Groups[1].Value).ToList();
        var released = headings.Skip(1).Select(Version.Parse).ToList();
        var lowest = Version.Parse((await VersionAsync(["-p:MinVerSkip=true"])).Split('-')[0]);

        Assert.Equal("Unreleased", headings[0]);
        Assert.Equal(released.OrderDescending(), released);
        Assert.True(
            lowest >= new Version(released[0].Major, released[0].Minor, 0),
            $"MinVerMinimumMajorMinor gives {lowest}, which is lower than {released[0]}.");
    }

    [Fact]
    public async Task The_program_prints_its_version()
    {
        var printed = await ChildProcess.BubblesyncAsync(_folder, ["--version"]);

        Assert.Matches(VersionForm(), printed.Output);
    }

    public Task DisposeAsync()
    {
        // Git's own files are read-only.
        foreach (var file in Directory.GetFiles(_around, "*", SearchOption.AllDirectories))
            File.SetAttributes(file, FileAttributes.Normal);
        Directory.Delete(_around, recursive: true);
        return Task.CompletedTask;
    }

    // Without MinVer, which is a target, the property has its value from the start.
    private async Task<string> VersionAsync(string[]? words = null) =>
        (await DotnetAsync(["msbuild", "small.csproj", "-t:MinVer", "-getProperty:Version", .. words ?? []])).Output.Trim();

    private async Task<Outcome> DotnetAsync(string[] words)
    {
        var done = await ChildProcess.RunAsync(_folder, Path.Combine(ChildProcess.DotnetFolder, "dotnet"), words, Alone);
        Assert.True(done.Code == 0, done.All);
        return done;
    }

    private static async Task GitAsync(string folder, params string[] words)
    {
        var done = await ChildProcess.RunAsync(
            folder, "git", words,
            [("GIT_AUTHOR_NAME", "x"), ("GIT_AUTHOR_EMAIL", "x@example.com"), ("GIT_COMMITTER_NAME", "x"), ("GIT_COMMITTER_EMAIL", "x@example.com"), .. Alone]);
        Assert.True(done.Code == 0, done.All);
    }

    // Neither the settings of whoever runs the tests nor a repository that they are run for.
    private static (string, string?)[] Alone =>
    [
        ("GIT_CONFIG_GLOBAL", Path.Combine(Path.GetTempPath(), "no-such-file")), ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_DIR", null), ("GIT_WORK_TREE", null),
        ("MinVerSkip", null), ("MinVerVersionOverride", null),
    ];

    [GeneratedRegex(@"^\d+\.\d+\.\d+(-[a-z0-9.]+)?(\+[0-9a-f]{40})?\s*$")]
    private static partial Regex VersionForm();

    [GeneratedRegex(@"^## \[(.+?)\]", RegexOptions.Multiline)]
    private static partial Regex VersionHeading();
}
