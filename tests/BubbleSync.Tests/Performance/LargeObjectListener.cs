using System.Diagnostics.Tracing;

namespace BubbleSync.Tests.Performance;

/// <summary>Hears of allocations on the large object heap while it lives.</summary>
internal sealed class LargeObjectListener : EventListener
{
    // learn.microsoft.com, dotnet/fundamentals/diagnostics/runtime-garbage-collection-events, GCAllocationTick: one in 100 KB, so each that is larger.
    private const EventKeywords GarbageCollection = (EventKeywords)1;
    private const string Tick = "GCAllocationTick_V4";
    private const int MarkBytes = 7_654_321;

    private readonly TaskCompletionSource _marked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;

    /// <summary>
    /// Bytes of them so far; objects between 85 and 100 KB may be missed. Events come late but in order: an allocation of its own shows that all others are
    /// here.
    /// </summary>
    public async Task<long> BytesAsync(CancellationToken cancellationToken)
    {
        GC.KeepAlive(new byte[MarkBytes]);
        await _marked.Task.WaitAsync(cancellationToken);
        return Interlocked.Read(ref _bytes);
    }

    /// <inheritdoc/>
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
            EnableEvents(eventSource, EventLevel.Verbose, GarbageCollection);
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName != Tick || (uint)eventData.Payload![1]! != 1)
            return;

        var size = (long)(ulong)eventData.Payload[8]!;
        if (size is >= MarkBytes and < MarkBytes + 100)
            _marked.TrySetResult();
        else
            Interlocked.Add(ref _bytes, size);
    }
}
