using System.Buffers;
using System.Buffers.Binary;
using BubbleSync.Etl.Messages;
using Npgsql;

namespace BubbleSync.Etl.Staging;

/// <summary>The totals of staged rows.</summary>
/// <param name="Total">Their number and checksum, as <see cref="RowChecksum"/> has it.</param>
/// <param name="Rejected">How many of them only say that a record was rejected.</param>
internal readonly record struct StagedSum(StagedTotal Total, long Rejected)
{
    /// <summary>Both together.</summary>
    public static StagedSum operator +(StagedSum a, StagedSum b) => new(a.Total + b.Total, a.Rejected + b.Rejected);

    /// <summary>The first without the second.</summary>
    public static StagedSum operator -(StagedSum a, StagedSum b) => new(a.Total - b.Total, a.Rejected - b.Rejected);
}

/// <summary>Hot: reads staged rows back in binary form and sums them up, to be compared with what was mapped.</summary>
/// <param name="key">The ordinal of the key.</param>
/// <param name="keys">Receives their keys; null if they are not needed.</param>
internal sealed class StagedRows(int key, RepeatedKeys? keys = null)
{
    private const int HeaderLength = 19;

    // A row ends with the rejection mark and the number of the reading, each preceded by its length.
    private const int RejectedFromEnd = 1 + sizeof(int) + sizeof(long);

    /// <summary>Adds up the rows that a COPY statement returns.</summary>
    public async Task<StagedSum> SumAsync(NpgsqlConnection connection, string copyOut, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginRawBinaryCopyAsync(copyOut, cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
        try
        {
            var (sum, length, skip) = (default(StagedSum), 0, HeaderLength);
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

    /// <summary>Adds the rows that are complete; returns how many bytes they take.</summary>
    private int Add(ReadOnlySpan<byte> bytes, ref StagedSum sum)
    {
        var used = 0;
        while (TryRow(bytes[used..], out var length, out var keyOfRow))
        {
            var row = bytes.Slice(used + sizeof(short), length - sizeof(short));
            keys?.Add(bytes[used..][keyOfRow]);
            sum += new StagedSum(new StagedTotal(1, RowChecksum.Of(row)), row[^RejectedFromEnd]);
            used += length;
        }

        return used;
    }

    private bool TryRow(ReadOnlySpan<byte> bytes, out int length, out Range keyOfRow)
    {
        (length, keyOfRow) = (sizeof(short), default);
        if (bytes.Length < length || BinaryPrimitives.ReadInt16BigEndian(bytes) is var fields && fields < 0)
            return false;

        for (var field = 0; field < fields; field++)
        {
            var start = length + sizeof(int);
            if (bytes.Length < start)
                return false;

            length = start + Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(bytes[length..]));
            if (bytes.Length < length)
                return false;
            if (field == key)
                keyOfRow = start..length;
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
