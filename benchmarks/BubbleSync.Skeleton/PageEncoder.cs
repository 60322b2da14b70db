using System.Text.Json;

namespace BubbleSync.Skeleton;

/// <summary>Finds each record's mapped values in a page and writes them in the order of the columns.</summary>
internal sealed class PageEncoder
{
    private readonly IReadOnlyList<ColumnMap> _columns;
    private readonly FieldEncoder[] _encoders;
    private readonly (byte[] Name, int Column, int Rank)[][] _byLength;

    public PageEncoder(IReadOnlyList<ColumnMap> columns)
    {
        _columns = columns;
        _encoders = [.. columns.Select(c => FieldEncoding.For(c.Type))];
        var names = columns.SelectMany((c, column) => c.Names.Select((name, rank) => (Name: name, Column: column, Rank: rank))).ToList();
        _byLength = [.. Enumerable.Range(0, names.Max(n => n.Name.Length) + 1).Select(length => names.Where(n => n.Name.Length == length).ToArray())];
    }

    /// <summary>Writes the rows of a page and says how many there were.</summary>
    public int Encode(ReadOnlySpan<byte> page, CopyRows rows)
    {
        var reader = new Utf8JsonReader(page);
        Step(ref reader);
        Enter(ref reader, "response"u8);
        Step(ref reader);
        Enter(ref reader, "results"u8);

        var count = 0;
        Span<Found> found = stackalloc Found[_columns.Count];
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            found.Clear();
            Find(ref reader, found);
            Write(page, found, rows);
            count++;
        }

        return count;
    }

    private void Find(ref Utf8JsonReader reader, scoped Span<Found> found)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            var candidates = name.Length < _byLength.Length ? _byLength[name.Length] : [];
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var value = new Found(start, (int)reader.BytesConsumed - start, 0);
            foreach (var candidate in candidates)
            {
                if (name.SequenceEqual(candidate.Name) && (found[candidate.Column].Length == 0 || found[candidate.Column].Rank > candidate.Rank))
                    found[candidate.Column] = value with { Rank = candidate.Rank };
            }
        }
    }

    private void Write(ReadOnlySpan<byte> page, scoped Span<Found> found, CopyRows rows)
    {
        rows.Int16((short)_columns.Count);
        for (var column = 0; column < found.Length; column++)
        {
            if (found[column].Length == 0)
            {
                rows.Null();
                continue;
            }

            var value = page.Slice(found[column].Start, found[column].Length);
            var reader = new Utf8JsonReader(value);
            reader.Read();
            if (reader.TokenType == JsonTokenType.Null || !Walk(ref reader, _columns[column].Path))
            {
                rows.Null();
                continue;
            }

            var begin = rows.Begin();
            if (_encoders[column](ref reader, value, rows))
                rows.End(begin);
            else
                rows.Forget(begin);
        }
    }

    private static bool Walk(ref Utf8JsonReader reader, IReadOnlyList<byte[]> path)
    {
        foreach (var step in path)
        {
            if (reader.TokenType != JsonTokenType.StartObject || !TryEnter(ref reader, step))
                return false;
        }

        return true;
    }

    private static bool TryEnter(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(name);
            reader.Read();
            if (isIt)
                return true;
            reader.Skip();
        }

        return false;
    }

    private static void Enter(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        if (!TryEnter(ref reader, name))
            throw new InvalidOperationException("This is no page.");
    }

    private static void Step(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.None)
            reader.Read();
    }

    private readonly record struct Found(int Start, int Length, int Rank);
}
