namespace BubbleSync.Etl.Bubble;

/// <summary>
/// Wraps a connection so that the pool of <see cref="SocketsHttpHandler"/> never sends a request twice. The pool sends a request again, up to three times and
/// without notice, where a connection ends before the first byte of the answer. Such a request did go out: it counts against Bubble's limits, and the program
/// decides whether to repeat it. So this end is an error here, which the pool does not repeat. A connection that had ended before the request is different:
/// nothing is written to it, and the pool takes another one.
/// </summary>
internal sealed class SendOnceStream(Stream connection) : Stream
{
    private readonly Lock _lock = new();
    private bool _hasEnded;
    private bool _awaitsAnswer;

    /// <inheritdoc/>
    public override bool CanRead => connection.CanRead;

    /// <inheritdoc/>
    public override bool CanWrite => connection.CanWrite;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Received(await connection.ReadAsync(buffer, cancellationToken), buffer.Length);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Received(connection.Read(buffer, offset, count), count);

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        Begins() ? connection.WriteAsync(buffer, cancellationToken) : ValueTask.CompletedTask;

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        if (Begins())
            connection.Write(buffer, offset, count);
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override void Flush() => connection.Flush();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            connection.Dispose();
        base.Dispose(disposing);
    }

    private bool Begins()
    {
        lock (_lock)
        {
            _awaitsAnswer |= !_hasEnded;
            return !_hasEnded;
        }
    }

    private int Received(int bytes, int room)
    {
        // The pool reads 0 bytes to wait until data arrives.
        if (room == 0)
            return bytes;

        lock (_lock)
        {
            _hasEnded |= bytes == 0;
            if (bytes == 0 && _awaitsAnswer)
                throw new HttpIOException(HttpRequestError.ResponseEnded, "The connection was closed without an answer.");

            _awaitsAnswer = false;
            return bytes;
        }
    }
}
