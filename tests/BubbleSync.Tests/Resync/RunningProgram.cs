using System.Diagnostics;
using System.Globalization;

namespace BubbleSync.Tests.Resync;

/// <summary>The program while it runs, to be waited for, interrupted or killed.</summary>
internal sealed class RunningProgram(Process process, CancellationToken limit) : IDisposable
{
    private readonly Task<string> _output = process.StandardOutput.ReadToEndAsync(limit);
    private readonly Task<string> _error = process.StandardError.ReadToEndAsync(limit);

    /// <summary>Waits until it ends.</summary>
    public async Task<Outcome> EndAsync()
    {
        await process.WaitForExitAsync(limit);
        return new(process.ExitCode, await _output, await _error);
    }

    /// <summary>Kill -9, now.</summary>
    public void Kill() => process.Kill();

    /// <summary>Sends a signal by its name, such as INT.</summary>
    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", ["-" + name, process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(limit);
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
    }
}
