using System.Buffers;
using System.Buffers.Binary;

namespace BubbleSync.Skeleton;

/// <summary>Rows in PostgreSQL's binary COPY form, in rented memory.</summary>
internal sealed class CopyRows : IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private int _length;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    public void Int16(short value) => BinaryPrimitives.WriteInt16BigEndian(Take(2), value);

    public void Int32(int value) => BinaryPrimitives.WriteInt32BigEndian(Take(4), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64BigEndian(Take(8), value);

    public void Byte(byte value) => Take(1)[0] = value;

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    public void Null() => Int32(-1);

    /// <summary>Leaves room for a field's length.</summary>
    public int Begin()
    {
        Int32(0);
        return _length;
    }

    /// <summary>Fills in the length of what was written since.</summary>
    public void End(int begin) => BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(begin - 4), _length - begin);

    /// <summary>Makes the field that was begun a NULL.</summary>
    public void Forget(int begin)
    {
        _length = begin - 4;
        Null();
    }

    /// <summary>Overwrites a number written before.</summary>
    public void Fix(int at, int value) => BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(at), value);

    public int Length => _length;

    public Span<byte> Take(int count)
    {
        if (_length + count > _bytes.Length)
        {
            var longer = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, _length + count));
            _bytes.AsSpan(0, _length).CopyTo(longer);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = longer;
        }

        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }

    /// <summary>Gives back the end of what was taken.</summary>
    public void Cut(int count) => _length -= count;

    public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);
}
