using System.Buffers.Binary;
using System.Numerics;

namespace BubbleSync.Etl.Model;

/// <summary>
/// Hot: a checksum of rows in COPY format that does not depend on their order: the sum of a 64-bit hash of each row. Computed as rows are made and again
/// as PostgreSQL gives them back, it shows that what is staged is what was mapped. The last field, the number of the reading, is left out: the same data have
/// the same checksum in every run. Not cryptographic: it guards against accidents.
/// </summary>
internal static class RowChecksum
{
    private const int LastField = sizeof(int) + sizeof(long);
    private const ulong Odd = 0x9E37_79B9_7F4A_7C15;

    /// <summary>The hash of one row, given its bytes after the field count.</summary>
    public static ulong Of(ReadOnlySpan<byte> row)
    {
        row = row[..^LastField];
        var hash = (ulong)row.Length * Odd;
        for (; row.Length >= sizeof(ulong); row = row[sizeof(ulong)..])
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(row));

        var rest = 0UL;
        foreach (var letter in row)
            rest = (rest << 8) | letter;
        return Mix(hash ^ rest);
    }

    private static ulong Mix(ulong value) => BitOperations.RotateLeft(value * Odd, 29) * 0xBF58_476D_1CE4_E5B9;
}
