using System.Buffers;
using System.Buffers.Binary;
using BubbleSync.Etl.Model;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>Hot: reads staged rows back in binary form and sums them up, to be compared with what was mapped.</summary>
internal static class StagedRows
{
    private const int HeaderLength = 19;

    /// <summary>Gives number and checksum, as <see cref="RowChecksum"/> has it, of the rows that a COPY statement gives out.</summary>
    public static async Task<StagedTotal> SumAsync(NpgsqlConnection connection, string copyOut, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginRawBinaryCopyAsync(copyOut, cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
        try
        {
            var (sum, length, skip) = (new StagedTotal(), 0, HeaderLength);
            while (await copy.ReadAsync(buffer.AsMemory(length), cancellationToken) is > 0 and var read)
            {
                length += read;
                var used = Math.Min(skip, length);
                skip -= used;
                used += Add(buffer.AsSpan(used, length - used), ref sum);
                buffer.AsSpan(used, length - used).CopyTo(buffer);
                length -= used;
                if (length == buffer.Length)
                    buffer = Larger(buffer);
            }

            return sum;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Adds the rows that are there as a whole; gives how many bytes they take.</summary>
    private static int Add(ReadOnlySpan<byte> bytes, ref StagedTotal sum)
    {
        var used = 0;
        while (TryRow(bytes[used..], out var length))
        {
            sum += new StagedTotal(1, RowChecksum.Of(bytes.Slice(used + sizeof(short), length - sizeof(short))));
            used += length;
        }

        return used;
    }

    private static bool TryRow(ReadOnlySpan<byte> bytes, out int length)
    {
        length = sizeof(short);
        if (bytes.Length < length || BinaryPrimitives.ReadInt16BigEndian(bytes) is var fields && fields < 0)
            return false;

        for (; fields > 0; fields--)
        {
            if (bytes.Length < length + sizeof(int))
                return false;

            length += sizeof(int) + Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(bytes[length..]));
            if (bytes.Length < length)
                return false;
        }

        return true;
    }

    private static byte[] Larger(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
