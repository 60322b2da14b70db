using System.Text.RegularExpressions;
using Xunit;

namespace BubbleSync.Tests.Scripts;

/// <summary>PowerShell is not everywhere: what keeps run.ps1 true is that it says the same as run.sh.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed partial class ScriptPairTests
{
    private readonly string _shell = File.ReadAllText(Path.Combine(Repository.Root, "run.sh"));
    private readonly string _power = File.ReadAllText(Path.Combine(Repository.Root, "run.ps1"));

    [Fact]
    public void Both_scripts_know_the_same_words()
    {
        var shell = ShellWord().Matches(_shell).Select(match => match.Groups[1].Value);
        var power = PowerWord().Matches(_power).Select(match => match.Groups[1].Value);

        Assert.Equal(["test", "bench", "serve", "native"], shell);
        Assert.Equal(shell, power);
    }

    [Fact]
    public void Both_scripts_explain_the_same_words() =>
        Assert.Equal(Usage(_shell).Select(line => line.Replace("run.sh", "run.ps1", StringComparison.Ordinal)), Usage(_power));

    [Theory]
    [InlineData("publish")]
    [InlineData("test")]
    [InlineData("run")]
    public void Both_scripts_give_dotnet_the_same_options(string command)
    {
        var shell = Options(_shell, command);

        Assert.NotEmpty(shell);
        Assert.Equal(shell, Options(_power, command));
    }

    [Fact]
    public void Both_scripts_leave_out_the_tests_that_only_CI_runs() =>
        Assert.All([_shell, _power], script => Assert.Contains($"'{CiOnly.Trait}!={CiOnly.Value}'", script, StringComparison.Ordinal));

    [Fact]
    public void Both_scripts_set_the_same_variables()
    {
        // PowerShell finds the home folder without a variable.
        var shell = ShellVariable().Matches(_shell).Where(match => match.Groups["name"].Value != "HOME").Select(Assignment).ToHashSet();
        var power = PowerVariable().Matches(_power).Select(Assignment).ToHashSet();

        Assert.Contains("BUBBLESYNC_HOME = state", shell);
        Assert.Equal(shell.Order(StringComparer.Ordinal), power.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_program_that_the_PowerShell_script_runs_may_write_to_stderr()
    {
        var calls = PowerCall().Matches(_power);

        Assert.NotEmpty(calls);
        Assert.All(calls, call => Assert.True(call.Groups["guard"].Success, $"run.ps1 runs '{call.Groups["call"].Value}' outside Invoke-Native."));
    }

    // What is fixed, and of what is computed the folder.
    private static string Assignment(Match match) =>
        $"{match.Groups["name"].Value} = {(match.Groups["value"].Value.Contains("state", StringComparison.Ordinal) ? "state" : match.Groups["value"].Value)}";

    private static IEnumerable<string> Usage(string script) =>
        script.Split('\n').Where(line => line.StartsWith("#   ./run.", StringComparison.Ordinal)).Select(line => Spaces().Replace(line, " "));

    private static List<string> Options(string script, string command)
    {
        var lines = Continued().Replace(script, " ").Split('\n').Where(line => line.Contains($"dotnet {command} ", StringComparison.Ordinal));
        return [.. lines.SelectMany(line => Option().Matches(line)).Select(match => match.Groups[1].Value)];
    }

    [GeneratedRegex(@"^  (\w+)\)$", RegexOptions.Multiline)]
    private static partial Regex ShellWord();

    [GeneratedRegex(@"^    '(\w+)' \{$", RegexOptions.Multiline)]
    private static partial Regex PowerWord();

    [GeneratedRegex(@"(?<=export .*)\b(?<name>\w+)=""?(?<value>[^\s""]+)")]
    private static partial Regex ShellVariable();

    [GeneratedRegex(@"^(?:  |.*\$variables\.)(?<name>[A-Z]\w+) = '?(?<value>[^'\n]+)", RegexOptions.Multiline)]
    private static partial Regex PowerVariable();

    [GeneratedRegex(@"(?<guard>Invoke-Native \{\s*)?(?<!')\b(?<call>dotnet (?:publish|test|run|\$)\S*)")]
    private static partial Regex PowerCall();

    [GeneratedRegex(@" +[\\`]\n *")]
    private static partial Regex Continued();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();

    // An option with its fixed value, without what a variable or a redirection adds.
    [GeneratedRegex(@"\s""?(--?[A-Za-z][\w:.=-]*(?: (?:Release|false)\b)?)")]
    private static partial Regex Option();
}
