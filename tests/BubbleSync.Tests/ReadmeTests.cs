using System.Globalization;
using System.Text.RegularExpressions;
using BubbleSync.Cli;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests;

/// <summary>What the READMEs and pages show works, and what works they show.</summary>
public sealed partial class ReadmeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string ExampleFile = "tests/BubbleSync.Tests/ReadmeExample.cs";

    private static IReadOnlyList<HelpPage>? _help;

    private static readonly string[] Pages = [.. ReadmeText.All.Keys.Where(page => Runnable(page).Any()).Order(StringComparer.Ordinal)];

    public static TheoryData<string> PagesWithCommands => [.. Pages];

    [Theory]
    [MemberData(nameof(PagesWithCommands))]
    public async Task Every_command_of_a_page_runs_in_order_and_prints_what_is_shown(string page)
    {
        await using var terminal = new ReadmeTerminal(postgres);
        var differences = new List<string>();

        foreach (var shown in Runnable(page))
        {
            var outcome = await terminal.RunAsync(shown.Line);
            if (outcome.Code != shown.Code)
                differences.Add($"$ {shown.Line}\nends with {outcome.Code} instead of {shown.Code}:\n{string.Join('\n', outcome.Error)}");
            differences.AddRange(outcome.Missing(shown));
        }

        Assert.True(differences.Count == 0, string.Join("\n\n", differences));
    }

    [Fact]
    public void The_README_is_short_and_shows_the_two_commands()
    {
        Assert.InRange(ReadmeText.Front.Split('\n').Length - 1, 1, 150);
        var scripts = ReadmeText.Commands("README.md").Where(c => c.Line.StartsWith("./run.sh", StringComparison.Ordinal)).ToList();
        Assert.Equal(["./run.sh demo", "./run.sh test"], scripts.Select(c => c.Line));
        Assert.Matches(RunnerTotals(), scripts[1].Output[^1]);
    }

    [Fact]
    public void The_pages_that_run_commands_are_known() => Assert.Equal(["README.md", ReadmeText.CommandPage], Pages);

    [Fact]
    public async Task The_demo_says_what_is_shown()
    {
        var shown = Assert.Single(ReadmeText.Commands("README.md"), c => c.Line == "./run.sh demo" && c.Output.Count > 0);
        await using var terminal = new ReadmeTerminal(postgres);

        var outcome = await terminal.RunAsync("bubblesync demo");

        Assert.Equal(0, outcome.Code);
        Assert.True(!outcome.Missing(shown).Any(), string.Join("\n\n", outcome.Missing(shown)));
    }

    [Fact]
    public async Task Every_command_has_a_section_that_names_its_options_and_no_others()
    {
        var pages = await HelpAsync();
        var common = pages[0].Options.Append("--help").ToList();
        var commands = pages.Where(p => p.Commands.Count == 0).ToList();

        var named = ReadmeText.CommandHeadings().Select(h => $"{h}: {Options(ReadmeText.Section(ReadmeText.CommandPage, h), common)}");

        Assert.Equal(
            commands.Select(p => $"{p.Path}: {string.Join(' ', p.Options.Except(common).Order(StringComparer.Ordinal))}").Order(StringComparer.Ordinal),
            named.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_table_of_the_README_has_every_command_once()
    {
        var pages = await HelpAsync();

        var listed = ReadmeText.Table("README.md", "Commands").SelectMany(row => row[0].Split("`, `"));

        Assert.Equal(pages.Where(p => p.Commands.Count == 0).Select(p => p.Path).Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_command_in_any_example_has_the_options_that_it_is_given()
    {
        var pages = await HelpAsync();

        var given = ReadmeText.All
            .SelectMany(page => ReadmeText.CodeLines(page.Value).SelectMany(line => ExampleCommand().Matches(line)).Select(m => (Page: page.Key, Words: m.Groups[1].Value)))
            .ToList();

        Assert.NotEmpty(given);
        Assert.All(given, example =>
        {
            // The page of the program itself, whose path is empty, begins every command.
            var page = pages.Where(p => p.Path.Length == 0 || $"{example.Words} ".StartsWith($"{p.Path} ", StringComparison.Ordinal)).MaxBy(p => p.Path.Length)!;
            Assert.True(page.Path.Length > 0 || example.Words.StartsWith('-'), $"{example.Page}: there is no command '{example.Words}'.");
            var unknown = OptionName().Matches(example.Words).Select(m => m.Value).Except([.. page.Options, .. pages[0].Options]);
            Assert.True(!unknown.Any(), $"{example.Page}: 'bubblesync {example.Words}' has no {string.Join(' ', unknown)}.");
        });
    }

    [Fact]
    public async Task The_options_of_all_commands_are_named_before_the_first_of_them()
    {
        var pages = await HelpAsync();

        Assert.Equal(
            string.Join(' ', pages[0].Options.Except(["--version"]).Order(StringComparer.Ordinal)),
            Options(ReadmeText.Section(ReadmeText.CommandPage, "Options of every command"), []));
    }

    [Fact]
    public async Task No_README_speaks_of_a_command_that_there_is_not()
    {
        var pages = (await HelpAsync()).ToDictionary(p => p.Path);

        var spoken = ReadmeText.All.SelectMany(readme => SpokenCommand().Matches(readme.Value).Select(m => (File: readme.Key, First: m.Groups[1].Value, Second: m.Groups[2].Value))).ToList();

        Assert.NotEmpty(spoken);
        Assert.All(spoken, s => Assert.True(pages.TryGetValue(s.First, out var page) && (page.Commands.Count == 0 || page.Commands.Contains(s.Second)), $"{s.File} speaks of 'bubblesync {s.First} {s.Second}'."));
    }

    [Fact]
    public void The_library_example_is_the_one_that_is_compiled()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, ExampleFile));

        var example = Assert.Single(ReadmeText.Blocks(ReadmeText.All["docs/library.md"], "csharp")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(lines.Where(l => l.StartsWith("using ", StringComparison.Ordinal) || l.StartsWith("        ", StringComparison.Ordinal)).Select(l => l.Trim()), example);
    }

    [Fact]
    public async Task The_library_example_runs()
    {
        await using var terminal = new ReadmeTerminal(postgres);
        await terminal.RunAsync("bubblesync simulate --invoices 30");
        await terminal.RunAsync("bubblesync schema apply");

        var outcome = await terminal.RunOwnAsync(Repository.Root, "readme-example");

        Assert.Equal("Succeeded: 30 new invoices\n0 of them changed since yesterday", string.Join('\n', outcome.Output).Trim());
    }

    [Fact]
    public async Task The_query_for_what_there_was_to_say_of_a_run_finds_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Linked User Login\": \"1x2\""));
        await fixture.ResyncAsync("agent");

        var rows = await fixture.RowsAsync(Assert.Single(ReadmeText.Blocks(ReadmeText.All["docs/operations.md"], "sql")));

        Assert.Contains("warning|run|~|~|agent: links whose target no table has: 1; see bubblesync.missing_link.", rows);
    }

    [Fact]
    public void The_settings_and_their_defaults_are_those_of_the_program() =>
        Assert.Equal(
            SettingNames.Defaults().Select(s => $"{s.Name} = {Shown(s.Name, s.Value)}"),
            ReadmeText.Table("docs/settings.md", "All settings").Select(row => $"{row[0]} = {row[1].Split(':')[0].Replace("`", "", StringComparison.Ordinal)}"));

    [Fact]
    public void The_exit_codes_are_those_of_the_program() =>
        Assert.Equal(
            typeof(ExitCode).GetFields().Select(f => ((int)f.GetRawConstantValue()!).ToString(CultureInfo.InvariantCulture)),
            ReadmeText.Table(ReadmeText.CommandPage, "Exit codes").Select(row => row[0]));

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

    [Fact]
    public void Source_files_that_a_README_names_are_there()
    {
        var named = ReadmeText.All.SelectMany(readme => CodeFile().Matches(readme.Value).Select(m => (Readme: readme.Key, File: m.Groups[1].Value))).ToList();

        Assert.NotEmpty(named);
        Assert.All(named, n => Assert.Contains(
            new[] { "", Path.GetDirectoryName(n.Readme)!, "src/BubbleSync.Etl" },
            folder => File.Exists(Path.Combine(Repository.Root, folder, n.File))));
    }

    // Read once: the program is started for each page.
    private async Task<IReadOnlyList<HelpPage>> HelpAsync()
    {
        await using var terminal = new ReadmeTerminal(postgres);
        return _help ??= await HelpPage.ReadAllAsync(terminal);
    }

    // The scripts are tested by themselves, and the demo above.
    private static IEnumerable<ReadmeCommand> Runnable(string page) =>
        ReadmeText.Commands(page).Where(c => !c.Line.StartsWith("./run.sh", StringComparison.Ordinal));

    private static IEnumerable<KeyValuePair<string, string>> UserPages =>
        ReadmeText.All.Where(page =>
            !page.Key.Contains('/', StringComparison.Ordinal) || page.Key.StartsWith("docs/", StringComparison.Ordinal) || page.Key == "config/README.md");

    private static string Options(string text, IReadOnlyList<string> without) =>
        string.Join(' ', OptionName().Matches(text).Select(m => m.Value).Distinct().Except(without).Order(StringComparer.Ordinal));

    private static string Shown(string name, object? value) => value switch
    {
        null => "none",
        bool isOn => isOn ? "true" : "false",
        string folder when name.StartsWith("Run:", StringComparison.Ordinal) => $"{folder}/ beside the file",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    [GeneratedRegex(@"(?<![\w-])--[a-z]+(-[a-z]+)*")]
    private static partial Regex OptionName();

    [GeneratedRegex(@"[`$/(] ?bubblesync ([a-z]+)(?: ([a-z]+))?")]
    private static partial Regex SpokenCommand();

    // To where the shell takes over again: a pipe, a redirection, a closing parenthesis or a comment.
    [GeneratedRegex(@"(?<![\w./])(?:\./run\.sh|(?:/usr/local/bin/)?bubblesync|\\bubblesync\.exe) +((?!test\b|bench\b)[a-z-][^|>#;)]*)")]
    private static partial Regex ExampleCommand();

    [GeneratedRegex("^Passed!  - Failed: +0, Passed: +[…0-9]+, Skipped: +[…0-9]+, Total: +[…0-9]+, Duration: .+ - BubbleSync.Tests.dll \\(net10.0\\)$")]
    private static partial Regex RunnerTotals();

    // Fix, report, check, verify, result, folder, component: one word for one thing.
    [GeneratedRegex(@"\b(?:mend|mends|mended|hears?|tells?|told|doubts?|proofs?|proved|whither|aloud|rooms?|house)\b", RegexOptions.IgnoreCase)]
    private static partial Regex OwnWord();

    [GeneratedRegex(@"`(\w+(?:Tests|Properties))`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`([\w./]+\.cs)`")]
    private static partial Regex CodeFile();
}
