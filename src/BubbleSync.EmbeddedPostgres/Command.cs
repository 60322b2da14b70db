using System.ComponentModel;
using System.Diagnostics;
using static System.FormattableString;

namespace BubbleSync.EmbeddedPostgres;

/// <summary>A program's output and exit code.</summary>
internal sealed record CommandResult(int ExitCode, string Output)
{
    internal bool Succeeded => ExitCode == 0;
}

/// <summary>Runs a program with its arguments to the end; returns its output. A program that is not there ends with 127.</summary>
internal static class Command
{
    private const int NotFound = 127;

    internal static async Task<CommandResult> RunAsync(
        IReadOnlyList<string> words, TimeSpan limit, CancellationToken cancellationToken, string? folder = null)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(limit);

        using var process = new Process { StartInfo = Describe(words, folder) };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            return new(NotFound, e.Message);
        }

        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(bounded.Token);
            var errors = process.StandardError.ReadToEndAsync(bounded.Token);
            var said = await output + await errors;
            await process.WaitForExitAsync(bounded.Token);
            return new(process.ExitCode, said.Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            return new(-1, Invariant($"{words[0]} did not end within {limit.TotalSeconds:0} s"));
        }
    }

    private static ProcessStartInfo Describe(IReadOnlyList<string> words, string? folder) => new(words[0], words.Skip(1))
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = folder ?? "",
        CreateNoWindow = true,
    };
}
