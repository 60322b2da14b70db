using System.Globalization;
using BubbleSync.Simulator.Generation;

namespace BubbleSync.Simulator.Faults;

/// <summary>Says yes to a share of questions: exactly so many of each hundred, in an order that the seed decides; or to the first few.</summary>
internal sealed class Dice
{
    // Multiplying by one of these runs through all places of a hundred.
    private static readonly ulong[] Coprime = [1, 3, 7, 9, 11, 13, 17, 19, 21, 23, 27, 29, 31, 33, 37, 39, 41, 43, 47, 49];

    private readonly double _percent;
    private readonly long? _first;
    private readonly ulong _key;
    private long _asked = -1;

    private Dice(double percent, long? first, ulong key) => (_percent, _first, _key) = (percent, first, key);

    /// <summary>Reads <c>5</c>, <c>0.5</c> or <c>3x</c>.</summary>
    public static Dice? Parse(string argument, ulong key)
    {
        if (argument.EndsWith('x') && long.TryParse(argument.AsSpan(0, argument.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var first))
            return new(0, first, key);

        return double.TryParse(argument, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent <= 100
            ? new(percent, null, key)
            : null;
    }

    public bool Strikes()
    {
        if (_percent == 0 && _first is null)
            return false;

        var number = Interlocked.Increment(ref _asked);
        if (_first is { } first)
            return number < first;

        var hundred = number / 100;
        var shift = Mix.Of(_key, hundred);
        var place = (((ulong)(number % 100) * Coprime[shift % 20]) + (shift >> 32)) % 100;
        return place < (ulong)(Math.Floor((hundred + 1) * _percent) - Math.Floor(hundred * _percent));
    }
}
