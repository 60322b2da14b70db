using System.Security.Cryptography;
using System.Text;

namespace BubbleSync.Etl.Mapping.Columns;

/// <summary>What is stored in place of a value that must not reach the database.</summary>
/// <param name="kind">How the value is masked.</param>
/// <param name="key">The key of the hashes; null for hashes without one.</param>
internal sealed class FieldMask(MaskKind kind, string? key)
{
    /// <summary>The characters of a hash.</summary>
    public const int HashLength = 64;

    private const string Hidden = "****";
    private const int Shown = 4;

    private readonly byte[]? _key = key is null ? null : Encoding.UTF8.GetBytes(key);

    /// <summary>How the value is masked.</summary>
    public MaskKind Kind => kind;

    /// <summary>Says which mask it is, without the key: rows with another mask are other rows.</summary>
    public string Fingerprint => $"{kind} {(_key is null ? "" : Convert.ToHexStringLower(HMACSHA256.HashData(_key, "mask"u8)))}";

    /// <summary>Returns the mask of a line of a map; null where it has none.</summary>
    public static FieldMask? Of(MaskKind? kind, string? key) => kind is { } given ? new FieldMask(given, key) : null;

    /// <summary>Returns what stands for a text; null where nothing does.</summary>
    public string? Of(string text) => kind switch
    {
        MaskKind.Hash => Hash(Encoding.UTF8.GetBytes(text)),
        MaskKind.Last4 => Last4([.. text.Trim().EnumerateRunes()]),
        _ => null,
    };

    private string Hash(byte[] text) => Convert.ToHexStringLower(_key is null ? SHA256.HashData(text) : HMACSHA256.HashData(_key, text));

    // Four characters of a shorter text would be half of it, or all.
    private static string Last4(Rune[] text) => text.Length < 2 * Shown ? Hidden : $"{Hidden}{string.Concat(text[^Shown..])}";
}

/// <summary>How a value is masked.</summary>
internal enum MaskKind
{
    /// <summary>SHA-256 in hexadecimal digits, with a key HMAC-SHA-256: equal values have equal hashes.</summary>
    Hash,

    /// <summary>Four asterisks and the last four characters; of a text with fewer than eight, only the asterisks.</summary>
    Last4,

    /// <summary>Nothing: the column is NULL.</summary>
    Drop,
}
