using System.Runtime.CompilerServices;

namespace BubbleSync.Simulator.Generation;

/// <summary>Turns numbers into evenly spread ones, the same way on every machine and in every run.</summary>
internal static class Mix
{
    public const ulong Step = 0x9E3779B97F4A7C15;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(ulong key, long number) => Of(key + ((ulong)number * Step));

    /// <summary>Brings evenly spread dice below a limit; a multiplication where a remainder would cost ten times as much.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Below(ulong dice, long limit) => (long)Math.BigMul(dice, (ulong)limit, out _);

    public static ulong Key(int seed, string purpose)
    {
        var key = Of((ulong)(uint)seed + Step);
        foreach (var letter in purpose)
            key = Of(key ^ letter);
        return key;
    }
}
