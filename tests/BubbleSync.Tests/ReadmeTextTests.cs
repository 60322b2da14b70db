using System.Text.RegularExpressions;
using Xunit;

namespace BubbleSync.Tests;

/// <summary>The text of READMEs and pages: links, words, and the tests and files that they name.</summary>
public sealed partial class ReadmeTextTests
{
    [Fact]
    public void Links_lead_to_files_and_headings()
    {
        var links = ReadmeText.All.SelectMany(readme => Link().Matches(readme.Value).Select(m => (File: readme.Key, To: m.Groups[1].Value)))
            .Where(l => !l.To.Contains("://", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(links);
        Assert.All(links, l =>
        {
            var (path, anchor) = l.To.Split('#') is [var p, var a] ? (p, a) : (l.To, null);
            var target = path.Length == 0
                ? l.File
                : Path.GetRelativePath(Repository.Root, Path.Combine(Repository.Root, Path.GetDirectoryName(l.File)!, path)).Replace('\\', '/');
            Assert.True(File.Exists(Path.Combine(Repository.Root, target)), $"{l.File} links to {l.To}.");
            Assert.True(anchor is null || ReadmeText.Anchors(target).Contains(anchor), $"{l.File} links to {l.To}; there is no such heading.");
        });
    }

    [Fact]
    public void Every_page_can_be_reached_from_the_README() =>
        Assert.All(
            ReadmeText.All.Keys.Where(page => page.StartsWith("docs/", StringComparison.Ordinal)),
            page => Assert.Contains($"({page})", ReadmeText.Front, StringComparison.Ordinal));

    [Fact]
    public void Pages_for_users_use_the_standard_words_outside_of_code()
    {
        var found = UserPages.SelectMany(page => OwnWord().Matches(ReadmeText.WithoutCode(page.Value)).Select(m => $"{page.Key}: {m.Value}"));

        Assert.Empty(found);
    }

    [Fact]
    public void Tests_that_a_page_names_exist()
    {
        var types = typeof(ReadmeTests).Assembly.GetTypes().Select(t => t.Name).ToHashSet();
        var named = UserPages.SelectMany(page => TestName().Matches(page.Value).Select(m => (Page: page.Key, Test: m.Groups[1].Value))).ToList();

        Assert.NotEmpty(named);
        Assert.All(named, n => Assert.True(types.Contains(n.Test), $"{n.Page} names {n.Test}."));
    }

    [Theory]
    [InlineData("Hosters", 20)]
    [InlineData("Poolers", 13)]
    public void Every_line_on_hosting_names_a_test_or_was_not_tried(string section, int lines)
    {
        var rows = ReadmeText.Table("docs/hosting.md", section)
            .Select(row => row[^1]).Where(shown => shown != "shown by" && !shown.StartsWith("---", StringComparison.Ordinal)).ToList();

        Assert.True(rows.Count >= lines - 2, string.Join('\n', rows));
        Assert.All(rows, shown => Assert.Matches("Tests|not tried", shown));
    }

    [Fact]
    public void Source_files_that_a_README_names_are_there()
    {
        var named = ReadmeText.All.SelectMany(readme => CodeFile().Matches(readme.Value).Select(m => (Readme: readme.Key, File: m.Groups[1].Value))).ToList();

        Assert.NotEmpty(named);
        Assert.All(named, n => Assert.Contains(
            new[] { "", Path.GetDirectoryName(n.Readme)!, "src/BubbleSync.Etl" },
            folder => File.Exists(Path.Combine(Repository.Root, folder, n.File))));
    }

    private static IEnumerable<KeyValuePair<string, string>> UserPages =>
        ReadmeText.All.Where(page =>
            !page.Key.Contains('/', StringComparison.Ordinal) || page.Key.StartsWith("docs/", StringComparison.Ordinal) || page.Key == "config/README.md");

    // Fix, report, check, verify, result, folder, component: one word for one thing.
    [GeneratedRegex(@"\b(?:mend|mends|mended|hears?|tells?|told|issues?|proofs?|proved|whither|aloud|rooms?|house)\b", RegexOptions.IgnoreCase)]
    private static partial Regex OwnWord();

    [GeneratedRegex(@"`(\w+(?:Tests|Properties))`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`([\w./]+\.cs)`")]
    private static partial Regex CodeFile();
}
