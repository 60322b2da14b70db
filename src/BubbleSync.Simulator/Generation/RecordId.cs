using System.Globalization;

namespace BubbleSync.Simulator.Generation;

/// <summary>A Bubble id: the millisecond of creation, an x, eighteen digits.</summary>
internal readonly record struct RecordId(long Milliseconds, long Suffix)
{
    public static long AnySuffix(ulong dice) => 100_000_000_000_000_000 + Mix.Below(dice, 900_000_000_000_000_000);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Milliseconds}x{Suffix}");
}
