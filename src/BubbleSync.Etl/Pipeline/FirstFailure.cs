using System.Runtime.ExceptionServices;

namespace BubbleSync.Etl.Pipeline;

/// <summary>Keeps the failure that ends parallel work. A cancellation is kept only while nothing else has failed: it must not hide a server's error.</summary>
internal sealed class FirstFailure
{
    private readonly Lock _lock = new();
    private Exception? _failure;
    private bool _isStop;

    /// <summary>Takes a failure.</summary>
    /// <param name="failure">The exception.</param>
    /// <param name="isStopping">Whether the work was already asked to stop, so that a cancellation is a consequence of that.</param>
    public void Add(Exception failure, bool isStopping)
    {
        var isStop = isStopping && failure is OperationCanceledException;
        lock (_lock)
        {
            if (_failure is null || (_isStop && !isStop))
                (_failure, _isStop) = (failure, isStop);
        }
    }

    /// <summary>Throws the failure with its own stack trace, where there is one.</summary>
    public void Throw()
    {
        lock (_lock)
        {
            if (_failure is not null)
                ExceptionDispatchInfo.Throw(_failure);
        }
    }
}
