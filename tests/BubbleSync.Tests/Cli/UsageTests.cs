using Xunit;

namespace BubbleSync.Tests.Cli;

/// <summary>Mistyped words: the command ends with 2 and says which word was probably meant.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("resinc", "There is no 'resinc' here. Did you mean 'resync'? Try: bubblesync --help")]
    [InlineData("sync invoise --force", "There is no 'invoise' here. Did you mean 'invoice'? Try: bubblesync sync --help")]
    [InlineData("sync", "'bubblesync sync' needs one word more: record, invoice, range, incremental. Try: bubblesync sync --help")]
    [InlineData("resync --entitty agent", "There is no option '--entitty'. Did you mean '--entity'? Try: bubblesync resync --help")]
    [InlineData("--outptu json resync", "There is no option '--outptu'. Did you mean '--output'? Try: bubblesync resync --help")]
    [InlineData("audit fields --cvs=x", "There is no option '--cvs'. Did you mean '--csv'? Try: bubblesync audit fields --help")]
    [InlineData("sync invoice 1x2 --forse", "There is no option '--forse'. Did you mean '--force'? Try: bubblesync sync invoice --help")]
    [InlineData("sync invoice 1x2 -f", "There is no option '-f'. Known: --base-url, --concurrency, --config, --connection, --env-file, --force, --help, "
        + "--ids-file, --log, --notify, --output, --ping, --quiet, --requests-per-minute, --schema, --skip-agents, --skip-users, --verbose. "
        + "Try: bubblesync sync invoice --help")]
    [InlineData("patch --scema x", "There is no option '--scema'. Did you mean '--schema'? Try: bubblesync patch --help")]
    [InlineData("scaffold --type warranty --dry-runn", "There is no option '--dry-runn'. Did you mean '--dry-run'? Try: bubblesync scaffold --help")]
    [InlineData("resync --dry-runn --quite", "There is no option '--dry-runn'. Did you mean '--dry-run'?", "There is no option '--quite'. Did you mean "
        + "'--quiet'? Try: bubblesync resync --help")]
    [InlineData("resync agent --max-calls", "'agent' is one word too many.", "Required argument missing for option: '--max-calls'. Try: bubblesync "
        + "resync --help")]
    [InlineData("resync --prune sofft", "--prune does not take 'sofft'. Did you mean 'soft'? Try: bubblesync resync --help")]
    [InlineData("plan --output jsn", "--output does not take 'jsn'. Did you mean 'json'? Try: bubblesync plan --help")]
    [InlineData("audit values --only sane", "--only does not take 'sane'. Did you mean 'same'? Try: bubblesync audit values --help")]
    [InlineData("runs log last --level warn", "--level does not take 'warn'. Known: error, info, warning. Try: bubblesync runs log --help")]
    [InlineData("verify --excel", "--excel is about the CSV file. Name the file with --csv FILE, or leave --excel out. Try: bubblesync verify --help")]
    [InlineData("audit values --excel --formulas", "--excel keeps formulas as texts, --formulas leaves them as formulas. Leave one of them out. Try: "
        + "bubblesync audit values --help")]
    [InlineData("resync --schema= orders", "'--schema=' lacks its value: it must follow at once, or after a blank and without '='. Try: "
        + "bubblesync resync --help")]
    [InlineData("verify --sample abc", "--sample takes a number such as 10 or a part such as 2.5%, not 'abc'. Try: bubblesync verify --help")]
    [InlineData("verify --sample 0", "--sample 0 compares nothing. Give a number from 1 on, or a part above 0%, up to 100%. Try: bubblesync verify --help")]
    [InlineData("completion @bash", "There is no completion for '@bash'. Did you mean 'bash'? Try: bubblesync completion --help")]
    [InlineData("completion basch", "There is no completion for 'basch'. Did you mean 'bash'? Try: bubblesync completion --help")]
    public async Task A_word_that_is_none_is_named_with_the_one_that_was_meant(string words, params string[] faults)
    {
        var outcome = await ChildProcess.BubblesyncAsync(Path.GetTempPath(), words.Split(' '));

        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Equal(faults.Select(f => $"error: {f}"), outcome.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task An_unknown_fault_of_the_simulator_is_named_with_the_one_that_was_meant()
    {
        var outcome = await ChildProcess.BubblesyncAsync(Path.GetTempPath(), ["simulate", "--fault", "trunctaed"]);

        Assert.Equal(2, outcome.Code);
        Assert.StartsWith("error: There is no fault 'trunctaed'. Did you mean 'truncated'? Known faults: ", outcome.Error, StringComparison.Ordinal);
        Assert.EndsWith(".\n", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_with_a_settings_file_that_is_not_there_says_so()
    {
        var outcome = await ChildProcess.BubblesyncAsync(Path.GetTempPath(), ["plan", "--config", "nowhere.json"]);

        Assert.Equal(2, outcome.Code);
        Assert.StartsWith("error: There is no settings file", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_forgives_words_that_are_none()
    {
        var outcome = await ChildProcess.BubblesyncAsync(Path.GetTempPath(), ["patch", "--forse", "--help"]);

        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
    }

    [Fact]
    public async Task A_settings_file_is_named_from_where_the_caller_stands()
    {
        var folder = Directory.CreateTempSubdirectory("bubblesync-config-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "mine"));
        await File.WriteAllTextAsync(Path.Combine(folder, "mine", "own.json"), """{ "Bubble": { "PagSize": 1 } }""");

        var outcome = await ChildProcess.BubblesyncAsync(folder, ["plan", "--config", "mine/own.json"]);
        Directory.Delete(folder, recursive: true);

        Assert.Equal((2, $"error: {Path.Combine(folder, "mine", "own.json")}: there is no setting 'Bubble:PagSize'. Did you mean "
            + "'Bubble:PageSize'?"), (outcome.Code, outcome.Error.Trim()));
    }
}
