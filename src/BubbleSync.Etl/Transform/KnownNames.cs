using System.Diagnostics.CodeAnalysis;
using System.Text;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Transform.FieldTypes;

namespace BubbleSync.Etl.Transform;

/// <summary>Hot: the names found in an entity's records, each resolved once. Reading takes no lock: a new name makes a new table.</summary>
internal sealed class KnownNames(NameIndex index)
{
    /// <summary>What reports call the names beyond the most that are kept.</summary>
    public const string OthersName = "(further names)";

    // A type has some hundred fields; more names than this come only from records whose keys are data, and no field reads those.
    private const int Most = 2000;

    private readonly Lock _lock = new();
    private Dictionary<byte[], KnownName> _names = new(Utf8Comparer.Instance);

    /// <summary>All names met so far.</summary>
    public IReadOnlyCollection<KnownName> All => Volatile.Read(ref _names).Values;

    /// <summary>Names beyond the most that are kept.</summary>
    public KnownName Others { get; } = new(OthersName, 0, [], index.RuleOf("", []));

    /// <summary>Returns what a name, as it stands between its quotes, means for this entity.</summary>
    public KnownName Find(ReadOnlySpan<byte> raw) =>
        Volatile.Read(ref _names).GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(raw, out var name) ? name : Add(raw);

    private KnownName Add(ReadOnlySpan<byte> raw)
    {
        lock (_lock)
        {
            if (_names.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(raw, out var known))
                return known;

            using var text = new CopyBuffer(raw.Length + 4);
            JsonText.Append(raw, text);
            var name = Encoding.UTF8.GetString(text.Written.Span);
            var slots = index.Find(name);
            // A name that a field reads is always kept: without it the field would appear absent. So is one that the map ignores.
            if (slots.Length == 0 && _names.Count >= Most && !index.IsIgnored(name))
                return Others;

            known = new KnownName(name, _names.Count + 1, slots, index.RuleOf(name, slots));
            Volatile.Write(ref _names, new Dictionary<byte[], KnownName>(_names, Utf8Comparer.Instance) { [raw.ToArray()] = known });
            return known;
        }
    }

    private sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly Utf8Comparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)(ByteHash.Of(alternate) >> 32);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}

/// <summary>A name found in records.</summary>
/// <param name="Name">As Bubble writes it.</param>
/// <param name="Number">Its place in tallies.</param>
/// <param name="Slots">The slots it fills; none where no field reads it.</param>
/// <param name="Unmapped">Whether its fields go into the column of unmapped fields.</param>
internal sealed record KnownName(string Name, int Number, int[] Slots, UnmappedRule Unmapped);
