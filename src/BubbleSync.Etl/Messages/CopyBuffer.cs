using System.Buffers;
using System.Buffers.Binary;

namespace BubbleSync.Etl.Messages;

/// <summary>
/// Hot: rows in PostgreSQL's binary COPY format, in one pooled buffer that grows.
/// The format: postgresql.org/docs/current/sql-copy.html, "Binary Format".
/// </summary>
internal sealed class CopyBuffer(int capacity = 64 * 1024) : IDisposable
{
    private const int Null = -1;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(capacity);

    /// <summary>How many bytes are written.</summary>
    public int Length { get; private set; }

    /// <summary>What is written so far.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Removes everything written after <paramref name="length"/>.</summary>
    public void Rewind(int length) => Length = length;

    /// <summary>Room for <paramref name="size"/> more bytes; nothing counts as written until <see cref="Advance"/>.</summary>
    public Span<byte> Room(int size)
    {
        if (_bytes.Length - Length < size)
            Grow(size);
        return _bytes.AsSpan(Length, size);
    }

    /// <summary>Counts bytes of <see cref="Room"/> as written.</summary>
    public void Advance(int count) => Length += count;

    /// <summary>Starts a row.</summary>
    public void StartRow(int fields) => WriteInt16((short)fields);

    /// <summary>A field that is NULL.</summary>
    public void WriteNull() => WriteInt32(Null);

    /// <summary>A field of known bytes.</summary>
    public void WriteField(ReadOnlySpan<byte> value)
    {
        WriteInt32(value.Length);
        WriteBytes(value);
    }

    /// <summary>A field that is a bigint.</summary>
    public void WriteInt64Field(long value)
    {
        WriteInt32(sizeof(long));
        BinaryPrimitives.WriteInt64BigEndian(Room(sizeof(long)), value);
        Length += sizeof(long);
    }

    /// <summary>A field that is a boolean.</summary>
    public void WriteBooleanField(bool value)
    {
        WriteInt32(1);
        Room(1)[0] = value ? (byte)1 : (byte)0;
        Length++;
    }

    /// <summary>Starts a field whose length is known only at <see cref="EndField"/>; returns its place.</summary>
    public int StartField()
    {
        var place = Length;
        WriteInt32(0);
        return place;
    }

    /// <summary>Ends the field that started at <paramref name="place"/>.</summary>
    public void EndField(int place) =>
        BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(place, sizeof(int)), Length - place - sizeof(int));

    /// <summary>Overwrites the number at <paramref name="place"/>.</summary>
    public void PatchInt32(int place, int value) => BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(place, sizeof(int)), value);

    /// <summary>Raw bytes, inside a field.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Length += bytes.Length;
    }

    /// <summary>A 16-bit number, inside a field.</summary>
    public void WriteInt16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(Room(sizeof(short)), value);
        Length += sizeof(short);
    }

    /// <summary>A 32-bit number, inside a field.</summary>
    public void WriteInt32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(Room(sizeof(int)), value);
        Length += sizeof(int);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
    }

    private void Grow(int size)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(Length + size), _bytes.Length * 2));
        _bytes.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
