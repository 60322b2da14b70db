using System.Globalization;
using System.Text.RegularExpressions;
using BubbleSync.Cli;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests;

/// <summary>What the READMEs and pages show works, and what works they show.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed partial class ReadmeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string ExampleFile = "tests/BubbleSync.Tests/Library/HostExample.cs";

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
    public void The_README_is_short_and_shows_the_first_commands()
    {
        Assert.InRange(ReadmeText.Front.Split('\n').Length - 1, 1, 150);
        var scripts = ReadmeText.Commands("README.md").Where(c => c.Line.StartsWith("./run.sh", StringComparison.Ordinal)).ToList();
        Assert.Equal(["./run.sh demo", "./run.sh database psql --demo", "./run.sh test"], scripts.Select(c => c.Line));
        Assert.Matches(RunnerTotals(), scripts[^1].Output[^1]);
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
        // The other one that is also a command by itself is the same as its first.
        var commands = pages.Where(p => p.Commands.Count == 0 || p.Path == "status").ToList();

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

        // The server is a program of its own, which run.sh starts.
        var commands = pages.Where(p => p.Commands.Count == 0 || p.Path == "status").Select(p => p.Path).Append("serve");
        Assert.Equal(commands.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_command_in_any_example_has_the_options_that_it_is_given()
    {
        var pages = await HelpAsync();

        var given = ReadmeText.All
            .SelectMany(page => ReadmeText.CodeLines(page.Value)
                .SelectMany(line => ExampleCommand().Matches(line)).Select(m => (Page: page.Key, Words: m.Groups[1].Value)))
            .ToList();

        Assert.NotEmpty(given);
        Assert.All(given, example =>
        {
            // The page of the program itself, whose path is empty, begins every command.
            var page = pages.Where(p => p.Path.Length == 0 || $"{example.Words} ".StartsWith($"{p.Path} ", StringComparison.Ordinal))
                .MaxBy(p => p.Path.Length)!;
            Assert.True(page.Path.Length > 0 || example.Words.StartsWith('-'), $"{example.Page}: there is no command '{example.Words}'.");
            var unknown = OptionName().Matches(example.Words).Select(m => m.Value).Except([.. page.Options, .. pages[0].Options]);
            Assert.True(!unknown.Any(), $"{example.Page}: 'bubblesync {example.Words}' has no {string.Join(' ', unknown)}.");
        });
    }

    [Fact]
    public async Task Every_command_that_writes_CSV_writes_it_for_spreadsheets_too() =>
        Assert.All((await HelpAsync()).Where(p => p.Options.Contains("--csv")), p => Assert.Contains("--excel", p.Options));

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

        var spoken = ReadmeText.All.SelectMany(
            readme => SpokenCommand().Matches(readme.Value).Select(m => (File: readme.Key, First: m.Groups[1].Value, Second: m.Groups[2].Value)))
            .ToList();

        Assert.NotEmpty(spoken);
        Assert.All(spoken, s =>
            Assert.True(pages.TryGetValue(s.First, out var page)
                && ((page.Runs && s.Second.Length == 0) || page.Commands.Count == 0 || page.Commands.Contains(s.Second)),
                $"{s.File} speaks of 'bubblesync {s.First} {s.Second}'."));
    }

    [Fact]
    public void The_example_of_a_host_program_is_the_one_that_is_tested()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, ExampleFile));

        var example = ReadmeText.Blocks(ReadmeText.All["docs/library.md"], "csharp")[^1].Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(lines.Where(l => l.StartsWith("using ", StringComparison.Ordinal) || l.StartsWith("        ", StringComparison.Ordinal))
            .Select(l => l.Trim()), example);
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
            ReadmeText.Table("docs/settings.md", "All settings")
                .Select(row => $"{row[0]} = {row[1].Split(':')[0].Replace("`", "", StringComparison.Ordinal)}"));

    [Fact]
    public void The_exit_codes_are_those_of_the_program() =>
        Assert.Equal(
            typeof(ExitCode).GetFields().Select(f => ((int)f.GetRawConstantValue()!).ToString(CultureInfo.InvariantCulture)),
            ReadmeText.Table(ReadmeText.CommandPage, "Exit codes").Select(row => row[0]));

    // Read once: the program is started for each page.
    private async Task<IReadOnlyList<HelpPage>> HelpAsync()
    {
        await using var terminal = new ReadmeTerminal(postgres);
        return _help ??= await HelpPage.ReadAllAsync(terminal);
    }

    // The scripts are tested by themselves, and the demo above.
    private static IEnumerable<ReadmeCommand> Runnable(string page) =>
        ReadmeText.Commands(page).Where(c => !c.Line.StartsWith("./run.sh", StringComparison.Ordinal));

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
    [GeneratedRegex(@"(?<![\w./])(?:\./run\.sh|(?:/usr/local/bin/)?bubblesync|\\bubblesync\.exe) +((?!test\b|bench\b|native\b|serve\b)[a-z-][^|>#;)]*)")]
    private static partial Regex ExampleCommand();

    [GeneratedRegex("^Passed!  - Failed: +0, Passed: +[…0-9]+, Skipped: +[…0-9]+, Total: +[…0-9]+, Duration: .+ - BubbleSync.Tests.dll \\(net10.0\\)$")]
    private static partial Regex RunnerTotals();
}
