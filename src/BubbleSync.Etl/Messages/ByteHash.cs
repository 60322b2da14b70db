using System.Buffers.Binary;
using System.Numerics;

namespace BubbleSync.Etl.Messages;

/// <summary>Hot: a 64-bit hash of bytes, the same in every run and on every machine. Not cryptographic.</summary>
internal static class ByteHash
{
    // The golden ratio of 64 bits, as Knuth has it (TAOCP 3, 6.4).
    private const ulong Odd = 0x9E37_79B9_7F4A_7C15;

    /// <summary>The hash.</summary>
    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        var hash = (ulong)bytes.Length * Odd;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));

        var rest = 0UL;
        foreach (var letter in bytes)
            rest = (rest << 8) | letter;
        return Mix(hash ^ rest);
    }

    private static ulong Mix(ulong value) => BitOperations.RotateLeft(value * Odd, 29) * 0xBF58_476D_1CE4_E5B9;
}
