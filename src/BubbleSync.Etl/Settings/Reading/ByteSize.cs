using System.Globalization;

namespace BubbleSync.Etl.Settings.Reading;

/// <summary>A number of bytes as settings have it: a whole number, alone or with <c>KB</c>, <c>MB</c> or <c>GB</c>, which count 1024 each.</summary>
internal static class ByteSize
{
    /// <summary>The most bytes that a setting may say.</summary>
    public const long Most = 1L << 40;

    private static readonly (string Name, int Shift)[] Units = [("KB", 10), ("MB", 20), ("GB", 30)];

    /// <summary>Reads a size from 1 to <see cref="Most"/>; false where the text is none.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        var number = text.Trim();
        var unit = Units.FirstOrDefault(u => number.EndsWith(u.Name, StringComparison.OrdinalIgnoreCase));
        if (unit.Name is not null)
            number = number[..^unit.Name.Length].TrimEnd();
        var isSize = long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out bytes) && bytes >= 1 && bytes <= Most >> unit.Shift;
        bytes <<= unit.Shift;
        return isSize;
    }
}
