using System.Text.RegularExpressions;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>Results in a narrow terminal, which <c>script</c> of util-linux provides, and the files that they name.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed partial class TerminalTextTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task No_line_of_a_narrow_terminal_ends_within_a_word_and_every_written_file_is_named()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 5 });
        await fixture.ResyncAsync();
        var folder = fixture.Folder([]);
        string[] commands =
        [
            $"verify --csv {folder}/v.csv", $"audit fields --entity agent --csv {folder}/f.csv", $"audit links --csv {folder}/l.csv",
            $"audit schema --csv {folder}/s.csv --ddl {folder}/s.sql", $"export dbt --out {folder}",
        ];

        var lines = await RunAsync(fixture, 60, commands);

        Assert.Contains(lines, l => l.StartsWith("verify: all equal: ", StringComparison.Ordinal));
        // What is wider has no blank before the edge.
        Assert.All(lines.Where(l => l.Length > 60), l => Assert.DoesNotContain(' ', l.TrimStart()));
        foreach (var file in new[] { "v.csv", "f.csv", "l.csv", "s.csv", "s.sql", "sources.yml" })
        {
            Assert.True(File.Exists(Path.Combine(folder, file)), file);
            Assert.Contains($"written: {folder}/{file}", string.Join(' ', lines).Replace("  ", " ", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    private static async Task<string[]> RunAsync(SyncFixture fixture, int columns, string[] commands)
    {
        var program = $"stty cols {columns} rows 40; " + string.Join("; ", commands.Select(c => $"dotnet '{TestedProgram.Path}' {c} 2>/dev/null"));
        var outcome = await ChildProcess.RunAsync(
            Path.GetTempPath(), "script", ["-qec", program, "/dev/null"],
            ("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("SHELL", "/bin/sh"), ("CI", null),
            ("BUBBLESYNC_CONFIG", Path.Combine(Repository.Root, "config", "bubblesync.json")),
            ("BUBBLESYNC_Bubble__BaseUrl", fixture.Bubble.BaseUrl.ToString()),
            ("BUBBLESYNC_Bubble__ApiToken", new SimulatorOptions().Token), ("BUBBLESYNC_Bubble__RequestsPerMinute", "1000000"),
            ("BUBBLESYNC_Postgres__ConnectionString", fixture.Connection));
        return [.. Control().Replace(outcome.Output, "").Split('\n').Select(l => l.TrimEnd('\r', ' '))];
    }

    [GeneratedRegex(@"\x1b(\[[0-9;?]*[A-Za-z]|[=>])")]
    private static partial Regex Control();
}
