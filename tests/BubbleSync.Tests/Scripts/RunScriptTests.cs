using Xunit;

namespace BubbleSync.Tests.Scripts;

[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class RunScriptTests : IDisposable
{
    // As on macOS: formats have another option, and other letters.
    private const string BsdStat =
        """
        #!/bin/sh
        case "$1 $2" in '-f %N %z %Fm') shift 2 ;; *) exit 1 ;; esac
        /usr/bin/stat -c '%n %s %y' "$@" 2>/dev/null || /usr/bin/stat -f '%N %z %Fm' "$@"
        """;

    private readonly ScriptFolder _folder = new();

    [UnixFact]
    public async Task Words_and_exit_code_go_through_unchanged()
    {
        var (code, output) = await RunAsync(["sync", "invoice", "1x2", "--force"], ("FAKE_CODE", "130"));

        Assert.Equal(130, code);
        Assert.Contains("words sync invoice 1x2 --force\n", output, StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task File_names_stay_relative_to_the_callers_folder()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(_folder.Path, "else where")).FullName;

        var (_, output) = await _folder.RunAsync("run.sh", elsewhere, ["audit", "fields", "--csv", "my file.csv"]);

        Assert.Contains("/else where\nwords audit fields --csv my file.csv\n", output, StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task A_link_to_the_script_finds_the_repository()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "links"));
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "links", "bubble"), "../run.sh");

        var (code, output) = await _folder.RunAsync("links/bubble", "/", ["plan"]);

        Assert.Equal((0, true), (code, output.Contains("words plan", StringComparison.Ordinal)));
    }

    [UnixFact]
    public async Task What_is_up_to_date_is_not_built_again()
    {
        await RunAsync(["plan"]);
        await RunAsync(["plan"]);

        Assert.Equal(1, _folder.TimesPublished);
    }

    [UnixTheory]
    [InlineData(">&-")]
    [InlineData("<&- >&- 2>&-")]
    public async Task A_stream_that_the_caller_closed_changes_nothing(string closed)
    {
        await RunAsync(["plan"]);
        _folder.Write("closed", $"#!/bin/sh\nexec \"${{0%/*}}/run.sh\" plan {closed}\n");

        var (code, _) = await _folder.RunAsync("closed", _folder.Path, [], ("FAKE_CODE", "7"));

        Assert.Equal((7, 1), (code, _folder.TimesPublished));
    }

    [UnixTheory]
    [InlineData("change")]
    [InlineData("add")]
    [InlineData("delete")]
    public async Task What_has_changed_is_built_again(string what)
    {
        await RunAsync(["plan"]);

        if (what == "delete")
            _folder.Delete("src/BubbleSync.Cli/Program.cs");
        else
            _folder.Write(what == "add" ? "config/entities/new.json" : "src/BubbleSync.Cli/Program.cs", "as it is");
        await RunAsync(["plan"]);

        Assert.Equal(2, _folder.TimesPublished);
    }

    [UnixTheory]
    [InlineData("")]
    [InlineData(BsdStat)]
    public async Task A_change_of_no_length_that_is_older_than_the_build_is_built_again(string stat)
    {
        if (stat.Length > 0)
            _folder.Write("bin/stat", stat);
        var then = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-1);
        _folder.Write("src/BubbleSync.Cli/Program.cs", "as it was", then);
        await RunAsync(["plan"]);
        await RunAsync(["plan"]);
        var before = _folder.TimesPublished;

        _folder.Write("src/BubbleSync.Cli/Program.cs", "as it has", then.AddMilliseconds(1));
        await RunAsync(["plan"]);

        Assert.Equal((1, 2), (before, _folder.TimesPublished));
    }

    [UnixFact]
    public async Task Time_zone_and_language_of_the_caller_change_nothing()
    {
        await RunAsync(["plan"], ("TZ", "UTC0"), ("LC_ALL", "C"));

        await RunAsync(["plan"], ("TZ", "JST-9"), ("LC_ALL", "en_US.UTF-8"));

        Assert.Equal(1, _folder.TimesPublished);
    }

    [UnixFact]
    public async Task Of_many_builds_the_last_three_are_kept()
    {
        for (var build = 1; build <= 5; build++)
        {
            _folder.Write("src/BubbleSync.Cli/Program.cs", new string('x', build));
            await RunAsync(["plan"]);
        }

        Assert.Equal((5, 3), (_folder.TimesPublished, _folder.ProgramsKept));
    }

    [UnixFact]
    public async Task Two_first_starts_at_once_build_once()
    {
        var both = await Task.WhenAll(RunAsync(["plan"]), RunAsync(["plan"]));

        Assert.All(both, one => Assert.Equal(0, one.Code));
        Assert.Equal(1, _folder.TimesPublished);
    }

    [UnixFact]
    public async Task A_failed_build_shows_why_and_runs_nothing()
    {
        var (code, output) = await RunAsync(["plan"], ("FAKE_ERROR", "error CS1002: ; expected"));

        Assert.Equal((3, 1), (code, _folder.TimesPublished));
        Assert.Contains("CS1002", output, StringComparison.Ordinal);
        Assert.DoesNotContain("words", output, StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task Without_the_compiler_for_ready_code_the_build_is_a_plain_one()
    {
        var (code, output) = await RunAsync(["plan"], ("FAKE_ERROR", "error NU1101: Unable to find package microsoft.netcore.app.crossgen2.linux-x64"));

        Assert.Equal((0, 2), (code, _folder.TimesPublished));
        Assert.DoesNotContain("NU1101", output, StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task Without_the_SDK_one_line_says_so()
    {
        var (code, output) = await RunAsync(["plan"], ("PATH", Path.Combine(_folder.Path, "config")));

        Assert.Equal(3, code);
        Assert.Equal("run.sh: the .NET 10 SDK is missing; get it from https://dotnet.microsoft.com/download/dotnet/10.0\n", output);
    }

    [UnixTheory]
    [InlineData(null)]
    [InlineData("/no/such/home")]
    public async Task Without_a_home_the_SDK_gets_one_in_our_folder(string? home)
    {
        var (_, output) = await RunAsync(["plan"], ("HOME", home), ("DOTNET_CLI_HOME", null));

        Assert.Contains("/.bubblesync/home\n", output, StringComparison.Ordinal);
    }

    [UnixTheory]
    [InlineData(null, "", true)]
    [InlineData("", "", true)]
    [InlineData("true", "", false)]
    [InlineData(null, "--filter Transform", false)]
    public async Task Tests_that_only_CI_runs_are_left_out_unless_words_or_CI_ask_for_them(string? ci, string words, bool isShort)
    {
        var (_, output) = await RunAsync(["test", .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)], ("CI", ci));

        var filter = isShort ? $" --filter {CiOnly.Trait}!={CiOnly.Value}" : words.Length > 0 ? $" {words}" : "";
        Assert.Contains($"words test BubbleSync.Etl.sln -c Release -p:NuGetInteractive=false{filter}\n", output, StringComparison.Ordinal);
        Assert.Equal(isShort, output.Contains("CI=true ./run.sh test runs all tests\n", StringComparison.Ordinal));
    }

    [UnixFact]
    public async Task A_bench_filter_may_stand_anywhere_in_a_name()
    {
        var (_, output) = await RunAsync(["bench", "Mapper"]);

        Assert.Contains(" --filter *Mapper* --artifacts ", output, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private Task<(int Code, string Output)> RunAsync(string[] words, params (string Name, string? Value)[] environment) =>
        _folder.RunAsync("run.sh", _folder.Path, words, environment);
}
