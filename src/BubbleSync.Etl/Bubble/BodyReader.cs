using System.Buffers;
using BubbleSync.Etl.Bubble.Throttling;

namespace BubbleSync.Etl.Bubble;

/// <summary>Reads the body of an answer into a buffer of the shared pool, as its bytes are reserved.</summary>
internal sealed class BodyReader(ApiMeter meter)
{
    private const int Largest = 512 * 1024 * 1024;
    private const int Smallest = 4096;
    private const int First = 128 * 1024;
    private const int Step = 64 * 1024;

    /// <summary>Returns the body, in a buffer that the caller gives back to the pool, and its length.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="reserved">Grows with the body; null where nothing is reserved.</param>
    /// <param name="limit">The time that the attempt may take.</param>
    /// <exception cref="BodyTooLargeException">The body is larger than any buffer.</exception>
    public async Task<(byte[] Body, int Length)> ReadAsync(HttpResponseMessage response, ByteReservation? reserved, AttemptLimit limit)
    {
        // One byte more than the body, so that its end shows before the buffer is full.
        var expected = response.Content.Headers.ContentLength + 1 ?? Math.Max(First, reserved?.Bytes ?? 0);
        if (expected > reserved?.Bytes)
            await GrowAsync(reserved, Math.Min(expected, Largest) - reserved.Bytes, limit);
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(expected, Smallest, Largest));
        try
        {
            var length = 0;
            await using var stream = await response.Content.ReadAsStreamAsync(limit.Token);
            while (await stream.ReadAsync(buffer.AsMemory(length, Room(buffer, length, reserved)), limit.Token) is > 0 and var read)
            {
                length += read;
                if (length == buffer.Length)
                    buffer = Larger(buffer);
                if (length == reserved?.Bytes)
                    await GrowAsync(reserved, Math.Max(Step, length / 8), limit);
            }

            meter.Received(length);
            return (buffer, length);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    private static int Room(byte[] buffer, int length, ByteReservation? reserved) => (int)Math.Min(buffer.Length, reserved?.Bytes ?? buffer.Length) - length;

    private static Task GrowAsync(ByteReservation reserved, long bytes, AttemptLimit limit) =>
        reserved.TryGrow(bytes) ? Task.CompletedTask : limit.PauseAsync(token => reserved.GrowAsync(bytes, token));

    private static byte[] Larger(byte[] buffer)
    {
        if (buffer.Length >= Largest)
            throw new BodyTooLargeException($"more than {Largest >> 20} MB");

        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}

/// <summary>A body is larger than any buffer; the message says how large.</summary>
internal sealed class BodyTooLargeException(string message) : Exception(message);
