using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;

namespace BubbleSync.Simulator.Generation;

/// <summary>Hot: a growing pooled buffer that JSON is written into as UTF-8, value by value.</summary>
/// <remarks>Hot methods are compiled at once with all optimisation: a simulator often lives for seconds only, less than tiered compilation takes.</remarks>
internal sealed class Utf8Output : IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(64 * 1024);

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Cut(int length) => Length = length;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Raw(byte one)
    {
        Reserve(1);
        _bytes[Length++] = one;
    }

    public void Text(string text)
    {
        Reserve(Encoding.UTF8.GetMaxByteCount(text.Length));
        Length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(Length));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Number(long number)
    {
        Reserve(20);
        Utf8Formatter.TryFormat(number, _bytes.AsSpan(Length), out var written);
        Length += written;
    }

    /// <summary>Writes <paramref name="scaled"/> / 10^<paramref name="digits"/> without trailing zeros, as JavaScript does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Decimal(long scaled, int digits)
    {
        while (digits > 0 && scaled % 10 == 0)
        {
            scaled /= 10;
            digits--;
        }

        if (scaled < 0)
            Raw((byte)'-');
        var unit = 1L;
        for (var i = 0; i < digits; i++)
            unit *= 10;
        Number(Math.Abs(scaled) / unit);
        if (digits == 0)
            return;

        Raw((byte)'.');
        Digits(Math.Abs(scaled) % unit, digits);
    }

    /// <summary>Writes a moment, given in milliseconds since 1970, as <c>2026-01-31T23:59:59.999Z</c>, without quotes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Moment(long milliseconds)
    {
        var moment = new DateTime(DateTime.UnixEpoch.Ticks + (milliseconds * TimeSpan.TicksPerMillisecond), DateTimeKind.Utc);
        var (year, month, day) = DateOnly.FromDateTime(moment);
        var time = milliseconds - (milliseconds / 86_400_000 * 86_400_000);
        Digits(year, 4);
        Raw((byte)'-');
        Digits(month, 2);
        Raw((byte)'-');
        Digits(day, 2);
        Raw((byte)'T');
        Digits(time / 3_600_000, 2);
        Raw((byte)':');
        Digits(time / 60_000 % 60, 2);
        Raw((byte)':');
        Digits(time / 1000 % 60, 2);
        Raw((byte)'.');
        Digits(time % 1000, 3);
        Raw((byte)'Z');
    }

    /// <summary>Writes exactly <paramref name="count"/> digits, with leading zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Digits(long number, int count)
    {
        Reserve(count);
        for (var at = Length + count - 1; at >= Length; at--)
        {
            _bytes[at] = (byte)('0' + (number % 10));
            number /= 10;
        }

        Length += count;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    private void Reserve(int more)
    {
        if (_bytes.Length - Length >= more)
            return;

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, Length + more));
        _bytes.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
