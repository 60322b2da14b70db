using System.Runtime.InteropServices;

namespace BubbleSync.Cli;

/// <summary>Ctrl-C, SIGTERM and SIGHUP: the first asks the run to end in good order, the second ends the program at once.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _signals;
    private int _count;

    /// <summary>Starts to listen.</summary>
    public Interruption() =>
        _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(s => PosixSignalRegistration.Create(s, Handle))];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
        _source.Dispose();
    }

    /// <summary>Whether Ctrl-C is meant for a program that was started in this terminal.</summary>
    public static bool LeavesCtrlC { get; set; }

    private void Handle(PosixSignalContext context)
    {
        if (LeavesCtrlC && context.Signal == PosixSignal.SIGINT)
        {
            context.Cancel = true;
            return;
        }

        if (Interlocked.Increment(ref _count) > 1)
            Environment.Exit(ExitCode.Interrupted);

        context.Cancel = true;
        _source.Cancel();
    }
}
