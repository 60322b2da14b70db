using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BubbleSync.Tests.Bubble;

/// <summary>A server on loopback that keeps connections open and closes them at will, byte by byte, and counts the requests that it reads.</summary>
internal sealed class ClosingServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromMinutes(1));
    private readonly Func<int, Closing> _closing;
    private readonly Task _serving;
    private int _requests;

    /// <summary>Starts the server.</summary>
    /// <param name="closing">What happens to the request of each number, from 1 on.</param>
    public ClosingServer(Func<int, Closing> closing)
    {
        _closing = closing;
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}/api/1.1/");

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Released each time that the server has closed a connection.</summary>
    public SemaphoreSlim Closed { get; } = new(0);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _stop.Dispose();
        Closed.Dispose();
    }

    private async Task ServeAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        finally
        {
            await Task.WhenAll(connections).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            var stream = client.GetStream();
            while (await ReadsRequestAsync(stream))
            {
                var closing = _closing(Interlocked.Increment(ref _requests));
                if (closing != Closing.WithoutAnswer)
                    await stream.WriteAsync(
                        Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {ScriptedBubble.Good.Length}\r\n\r\n{ScriptedBubble.Good}"), _stop.Token);
                if (closing != Closing.No)
                    break;
            }
        }

        Closed.Release();
    }

    private async Task<bool> ReadsRequestAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var buffer = new byte[4096];
        while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(buffer, _stop.Token) is not (> 0 and var read))
                return false;
            head.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return true;
    }
}

/// <summary>When a connection is closed.</summary>
internal enum Closing
{
    /// <summary>It stays open.</summary>
    No,

    /// <summary>After the request was read, without an answer.</summary>
    WithoutAnswer,

    /// <summary>After the answer, which does not say so.</summary>
    AfterAnswer,
}
