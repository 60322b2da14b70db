using System.Threading.Channels;

namespace BubbleSync.Server.Runs;

/// <summary>
/// The clients that watch a run. Each has a short queue of its own. A slow client misses states in between, but never the last one, and delays no other.
/// </summary>
internal sealed class RunWatchers
{
    private const int MostWaiting = 4;

    private readonly Lock _lock = new();
    private readonly List<Channel<RunView>> _channels = [];
    private bool _isClosed;

    /// <summary>Begins to watch.</summary>
    /// <param name="now">The state now, which comes first.</param>
    /// <returns>The channel; give it back to <see cref="Remove"/>.</returns>
    public Channel<RunView> Add(Func<RunView> now)
    {
        var channel = Channel.CreateBounded<RunView>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_lock)
        {
            channel.Writer.TryWrite(now());
            if (_isClosed)
                channel.Writer.Complete();
            else
                _channels.Add(channel);
        }

        return channel;
    }

    /// <summary>Ends watching.</summary>
    public void Remove(Channel<RunView> channel)
    {
        lock (_lock)
            _channels.Remove(channel);
    }

    /// <summary>Reports a state to all.</summary>
    public void Report(RunView view)
    {
        lock (_lock)
        {
            foreach (var channel in _channels)
                channel.Writer.TryWrite(view);
            if (!view.HasEnded)
                return;

            _isClosed = true;
            foreach (var channel in _channels)
                channel.Writer.Complete();
            _channels.Clear();
        }
    }
}
