using System.Diagnostics;
using System.Globalization;

namespace BubbleSync.Tests.EmbeddedPostgres;

/// <summary>Another process that owns the server of a folder, to be killed or sent home.</summary>
internal sealed class OwnerProcess : IDisposable
{
    private readonly Process _process;

    private OwnerProcess(Process process) => _process = process;

    internal int ServerId { get; private set; }

    internal static async Task<OwnerProcess> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var description = new ProcessStartInfo("dotnet", [typeof(OwnerProcess).Assembly.Location, "own-postgres", folder])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var owner = new OwnerProcess(Process.Start(description)!);
        var said = await owner._process.StandardOutput.ReadLineAsync(cancellationToken);
        owner.ServerId = int.Parse(said ?? "", CultureInfo.InvariantCulture);
        return owner;
    }

    /// <summary>Ends it as <c>kill -9</c> does.</summary>
    internal async Task KillAsync(CancellationToken cancellationToken)
    {
        _process.Kill();
        await _process.WaitForExitAsync(cancellationToken);
    }

    internal async Task SendHomeAsync(CancellationToken cancellationToken)
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(cancellationToken);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
