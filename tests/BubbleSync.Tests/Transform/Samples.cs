using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace BubbleSync.Tests.Transform;

/// <summary>Random input for properties. FsCheck prints the seed of a failure; <c>Config.WithReplay</c> repeats it.</summary>
internal static class Samples
{
    private static readonly string[] Seams = ["T", "t", " "];
    private static readonly string[] Odd =
    [
        "\0", "\ud800", "\udbff", "\udc00", "\udfff", "😀", "\u00a0", "\u2028", "\uFFFD", "\uFFFE", "é", "\"", "\\", "/", "\b", "\f", "\n", "\r", "\t",
        "\u001f",
        "\u007f", "u0041",
    ];

    /// <summary>A decimal as JSON may write it.</summary>
    public static Gen<DecimalSample> Decimals { get; } =
        from sign in Gen.Elements("", "-")
        from whole in Digits(1, 40)
        from fraction in Digits(0, 40)
        from exponent in Gen.Choose(-60, 60)
        from shape in Gen.Elements("none", "e", "E", "e+", "E0")
        select new DecimalSample(sign, whole.TrimStart('0') is "" ? "0" : whole.TrimStart('0'), fraction, exponent, shape);

    /// <summary>Any .NET string, rich in what PostgreSQL and JSON find difficult.</summary>
    public static Gen<string> Texts { get; } =
        Gen.Frequency(
            (3, Gen.Choose(0x20, 0x7e).Select(c => ((char)c).ToString())), (2, Gen.Elements(Odd)), (1, Gen.Choose(0, 0xffff).Select(c => ((char)c).ToString())))
            .ListOf()
            .Select(string.Concat);

    /// <summary>A moment and a way to write it.</summary>
    public static Gen<MomentSample> Moments { get; } =
        from ticks in Gen.Choose(0, int.MaxValue).Two().Select(pair => (((long)pair.Item1 << 31) | (uint)pair.Item2) % DateTime.MaxValue.Ticks)
        from precision in Gen.Elements(TimeSpan.TicksPerMinute, TimeSpan.TicksPerSecond, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerMicrosecond)
        from offset in Gen.Choose(-14 * 60, 14 * 60)
        from seam in Gen.Elements(Seams)
        from zone in Gen.Elements("colon", "plain", "hours", "z")
        from tail in Digits(0, 5)
        select new MomentSample(new DateTime(ticks / precision * precision, DateTimeKind.Utc), offset, seam, zone, tail);

    /// <summary>Writes a text as a JSON string, each character in a random one of the ways that JSON has for it.</summary>
    public static string Json(string text, Random random)
    {
        var json = new StringBuilder("\"");
        for (var i = 0; i < text.Length; i++)
        {
            var isPair = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]);
            var mustEscape = text[i] < ' ' || text[i] is '"' or '\\' || (char.IsSurrogate(text[i]) && !isPair);
            var letters = isPair ? text.Substring(i++, 2) : text[i].ToString();
            json.Append(mustEscape || random.Next(3) == 0 ? Escape(letters, random) : letters);
        }

        return json.Append('"').ToString();
    }

    private static string Escape(string letters, Random random) => letters switch
    {
        _ when random.Next(2) == 0 =>
            string.Concat(letters.Select(letter => $"\\u{((int)letter).ToString(random.Next(2) == 0 ? "x4" : "X4", CultureInfo.InvariantCulture)}")),
        "\"" or "\\" or "/" => "\\" + letters,
        "\b" => "\\b",
        "\f" => "\\f",
        "\n" => "\\n",
        "\r" => "\\r",
        "\t" => "\\t",
        _ => string.Concat(letters.Select(letter => $"\\u{(int)letter:x4}")),
    };

    private static Gen<string> Digits(int least, int most) =>
        from count in Gen.Choose(least, most)
        from digits in Gen.Choose(0, 9).ArrayOf(count)
        select string.Concat(digits);
}

/// <summary>A decimal in its parts.</summary>
internal sealed record DecimalSample(string Sign, string Whole, string Fraction, int Exponent, string Shape)
{
    /// <summary>The exponent that is really written.</summary>
    public int Power => Shape == "none" ? 0 : Shape == "e+" ? Math.Abs(Exponent) : Exponent;

    /// <summary>As JSON.</summary>
    public override string ToString() => Sign + Whole + (Fraction.Length > 0 ? "." + Fraction : "") + Shape switch
    {
        "none" => "",
        "E0" => $"E{(Power < 0 ? "-" : "")}00{Math.Abs(Power)}",
        var letter => letter + Power.ToString(CultureInfo.InvariantCulture),
    };
}

/// <summary>A moment and how to write it.</summary>
internal sealed record MomentSample(DateTime Utc, int OffsetMinutes, string Seam, string Zone, string Tail)
{
    /// <summary>As ISO 8601, in its own zone where the moment there lies in a year that has four digits.</summary>
    public override string ToString()
    {
        var offset = Zone == "z" ? 0 : Zone == "hours" ? OffsetMinutes / 60 * 60 : OffsetMinutes;
        var local = Utc.Ticks + (offset * TimeSpan.TicksPerMinute);
        if (local < 0 || local > DateTime.MaxValue.Ticks)
            (local, offset) = (Utc.Ticks, 0);

        var time = new DateTime(local);
        var micro = time.Ticks % TimeSpan.TicksPerSecond / 10;
        var second = micro == 0 && time.Second == 0 && Tail.Length == 0 ? ""
            : micro == 0 && Tail.Length == 0 ? time.ToString(":ss", CultureInfo.InvariantCulture)
            : time.ToString(":ss.ffffff", CultureInfo.InvariantCulture) + Tail;
        return time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
            + Seam + time.ToString("HH:mm", CultureInfo.InvariantCulture) + second + Suffix(offset);
    }

    private string Suffix(int offset) => Zone switch
    {
        "z" => Tail.Length % 2 == 0 ? "Z" : "z",
        "hours" => $"{Sign(offset)}{Math.Abs(offset) / 60:00}",
        "plain" => $"{Sign(offset)}{Math.Abs(offset) / 60:00}{Math.Abs(offset) % 60:00}",
        _ => $"{Sign(offset)}{Math.Abs(offset) / 60:00}:{Math.Abs(offset) % 60:00}",
    };

    private static string Sign(int offset) => offset < 0 ? "-" : "+";
}
