using System.Globalization;

namespace BubbleSync.Simulator.Generation;

/// <summary>A Bubble id: the millisecond of creation, an x, eighteen digits.</summary>
internal readonly record struct RecordId(long Milliseconds, ulong Suffix)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Milliseconds}x{Suffix}");
}
