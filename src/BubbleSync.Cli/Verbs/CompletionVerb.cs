using System.CommandLine;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Cli.Verbs;

/// <summary><c>completion</c>: the script for tab completion in a shell. It calls the program itself, with the directive <c>[suggest:POSITION]</c>.</summary>
internal static class CompletionVerb
{
    private static readonly IReadOnlyDictionary<string, string> Scripts = new Dictionary<string, string>
    {
        ["bash"] = "bash.sh",
        ["fish"] = "fish.fish",
        ["powershell"] = "powershell.ps1",
        ["zsh"] = "zsh.sh",
    };
    private static readonly Argument<string> Shell = new("SHELL") { Description = string.Join(", ", Scripts.Keys) };

    /// <summary>The verb.</summary>
    public static Command Command()
    {
        Shell.CompletionSources.Add([.. Scripts.Keys]);
        Shell.Validators.Add(given =>
        {
            if (given.Tokens is [var shell] && !Scripts.ContainsKey(shell.Value))
                given.AddError($"There is no completion for '{shell.Value}'.{DidYouMean.Hint(shell.Value, Scripts.Keys)}");
        });
        var command = new Command("completion", "Print the script for tab completion in a shell") { Shell };
        command.Validators.Add(given =>
        {
            if (CommonOptions.IsJsonOf(given))
                given.AddError("A script for a shell is no JSON. Leave --output json out.");
        });
        command.SetAction(
            (parsed, token) => new CommandContext(parsed).GuardedAsync("completion", () => PrintAsync(Scripts[parsed.GetValue(Shell)!], token), token));
        return command;
    }

    private static async Task<int> PrintAsync(string script, CancellationToken token)
    {
        await using var text = typeof(CompletionVerb).Assembly.GetManifestResourceStream(script)!;
        await using var output = Console.OpenStandardOutput();
        await text.CopyToAsync(output, token);
        return ExitCode.Done;
    }
}
