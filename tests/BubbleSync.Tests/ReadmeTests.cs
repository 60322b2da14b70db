using System.Globalization;
using System.Text.RegularExpressions;
using BubbleSync.Cli;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests;

/// <summary>What the READMEs show works, and what works they show.</summary>
public sealed partial class ReadmeTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string ExampleFile = "tests/BubbleSync.Tests/ReadmeExample.cs";

    [Fact]
    public async Task Every_command_runs_in_the_order_of_the_README_and_says_what_is_shown()
    {
        await using var terminal = new ReadmeTerminal(postgres);
        var differences = new List<string>();

        foreach (var shown in ReadmeText.Commands().Where(c => !c.Line.StartsWith("./run.sh", StringComparison.Ordinal)))
        {
            var outcome = await terminal.RunAsync(shown.Line);
            if (outcome.Code != shown.Code)
                differences.Add($"$ {shown.Line}\nends with {outcome.Code} instead of {shown.Code}:\n{string.Join('\n', outcome.Error)}");
            differences.AddRange(outcome.Missing(shown));
        }

        Assert.True(differences.Count == 0, string.Join("\n\n", differences));
    }

    [Fact]
    public async Task The_demo_says_what_is_shown()
    {
        var shown = Assert.Single(ReadmeText.Commands(), c => c.Line == "./run.sh demo" && c.Output.Count > 0);
        await using var terminal = new ReadmeTerminal(postgres);

        var outcome = await terminal.RunAsync("bubblesync demo");

        Assert.Equal(0, outcome.Code);
        Assert.True(!outcome.Missing(shown).Any(), string.Join("\n\n", outcome.Missing(shown)));
    }

    [Fact]
    public async Task Every_command_has_a_section_that_names_its_options_and_no_others()
    {
        await using var terminal = new ReadmeTerminal(postgres);
        var pages = await HelpPage.ReadAllAsync(terminal);
        var common = pages[0].Options.Append("--help").ToList();
        var commands = pages.Where(p => p.Commands.Count == 0).ToList();

        var named = ReadmeText.CommandHeadings().Select(h => $"{h}: {Options(ReadmeText.Section(h), common)}");

        Assert.Equal(commands.Select(p => $"{p.Path}: {string.Join(' ', p.Options.Except(common).Order(StringComparer.Ordinal))}").Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_options_of_all_commands_are_named_before_the_first_of_them()
    {
        await using var terminal = new ReadmeTerminal(postgres);

        var pages = await HelpPage.ReadAllAsync(terminal);

        Assert.Equal(string.Join(' ', pages[0].Options.Except(["--version"]).Order(StringComparer.Ordinal)), Options(ReadmeText.Section("Commands"), []));
    }

    [Fact]
    public async Task No_README_speaks_of_a_command_that_there_is_not()
    {
        await using var terminal = new ReadmeTerminal(postgres);
        var pages = (await HelpPage.ReadAllAsync(terminal)).ToDictionary(p => p.Path);

        var spoken = ReadmeText.All.SelectMany(readme => SpokenCommand().Matches(readme.Value).Select(m => (File: readme.Key, First: m.Groups[1].Value, Second: m.Groups[2].Value))).ToList();

        Assert.NotEmpty(spoken);
        Assert.All(spoken, s => Assert.True(pages.TryGetValue(s.First, out var page) && (page.Commands.Count == 0 || page.Commands.Contains(s.Second)), $"{s.File} speaks of 'bubblesync {s.First} {s.Second}'."));
    }

    [Fact]
    public void The_library_example_is_the_one_that_is_compiled()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, ExampleFile));

        var example = Assert.Single(ReadmeText.Blocks(ReadmeText.Front, "csharp")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(lines.Where(l => l.StartsWith("using ", StringComparison.Ordinal) || l.StartsWith("        ", StringComparison.Ordinal)).Select(l => l.Trim()), example);
    }

    [Fact]
    public async Task The_library_example_runs()
    {
        await using var terminal = new ReadmeTerminal(postgres);
        await terminal.RunAsync("bubblesync simulate --invoices 30");
        await terminal.RunAsync("bubblesync schema apply");

        var outcome = await terminal.RunOwnAsync(Repository.Root, "readme-example");

        Assert.Equal("succeeded: 30 new invoices\n0 of them changed since yesterday", string.Join('\n', outcome.Output).Trim());
    }

    [Fact]
    public async Task The_query_for_what_there_was_to_say_of_a_run_finds_it()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Linked User Login\": \"1x2\""));
        await fixture.ResyncAsync("agent");

        var rows = await fixture.RowsAsync(Assert.Single(ReadmeText.Blocks(ReadmeText.Front, "sql")));

        Assert.Contains("warning|run|~|~|agent: links whose target no table has: 1; see bubblesync.missing_link.", rows);
    }

    [Fact]
    public void The_settings_and_their_defaults_are_those_of_the_program() =>
        Assert.Equal(
            SettingNames.Defaults().Select(s => $"{s.Name} = {Shown(s.Name, s.Value)}"),
            ReadmeText.Table("Settings").Select(row => $"{row[0]} = {row[1].Split(':')[0].Replace("`", "", StringComparison.Ordinal)}"));

    [Fact]
    public void The_exit_codes_are_those_of_the_program() =>
        Assert.Equal(
            typeof(ExitCode).GetFields().Select(f => ((int)f.GetRawConstantValue()!).ToString(CultureInfo.InvariantCulture)),
            ReadmeText.Table("Exit codes").Select(row => row[0]));

    [Fact]
    public void Links_lead_to_files()
    {
        var links = ReadmeText.All.SelectMany(readme => Link().Matches(readme.Value).Select(m => (File: readme.Key, To: m.Groups[1].Value))).Where(l => !l.To.Contains("://", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(links);
        Assert.All(links, l => Assert.True(File.Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(l.File)!, l.To.Split('#')[0])), $"{l.File} links to {l.To}."));
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

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`([\w./]+\.cs)`")]
    private static partial Regex CodeFile();
}
