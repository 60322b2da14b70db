using System.Numerics;
using System.Text;
using BubbleSync.Etl.Messages;

namespace BubbleSync.Etl.Staging;

/// <summary>
/// Hot: finds the keys that may have come twice, in memory that does not grow with them: a Bloom filter of 4 MB at most. It names every repeated key, and a few
/// others, which only costs examining them.
/// </summary>
internal sealed class RepeatedKeys
{
    // A longer list does not help PostgreSQL: it examines all keys then.
    private const int Most = 1000;

    // 32 bits for each key and 6 of them set: of a million keys about ten are taken for repeated by mistake.
    private const int BitsOfKey = 32;
    private const int BitsSet = 6;
    private const int BitsInWord = 64;
    private const int MostWords = 4 * 1024 * 1024 / sizeof(ulong);

    private readonly ulong[] _words;
    private readonly List<string> _suspects = [];

    /// <summary>Prepares for about as many keys as <paramref name="expected"/>.</summary>
    public RepeatedKeys(long expected) =>
        _words = new ulong[BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(expected * BitsOfKey / BitsInWord, 1, MostWords))];

    /// <summary>Whether no key is repeated.</summary>
    public bool IsEmpty => _suspects.Count == 0;

    /// <summary>The keys that may be repeated; null if there are too many to name.</summary>
    public IReadOnlyList<string>? Suspects => _suspects.Count > Most ? null : _suspects;

    /// <summary>Takes a key.</summary>
    public void Add(ReadOnlySpan<byte> key)
    {
        // All places follow from one hash: the halves of it, added up (Kirsch and Mitzenmacher, Less Hashing, Same Performance, 2006).
        var hash = ByteHash.Of(key);
        var (place, step) = ((uint)hash, (uint)(hash >> 32) | 1);
        var isNew = false;
        for (var set = 0; set < BitsSet; set++, place += step)
        {
            ref var word = ref _words[(place / BitsInWord) & (uint)(_words.Length - 1)];
            var bit = 1UL << (int)(place % BitsInWord);
            isNew |= (word & bit) == 0;
            word |= bit;
        }

        if (!isNew && _suspects.Count <= Most)
            _suspects.Add(Encoding.UTF8.GetString(key));
    }
}
