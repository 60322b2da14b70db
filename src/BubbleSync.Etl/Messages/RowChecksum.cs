namespace BubbleSync.Etl.Messages;

/// <summary>
/// Hot: a checksum of rows in COPY format that does not depend on their order: the sum of a 64-bit hash of each row. Computed as rows are made and again
/// as PostgreSQL gives them back, it verifies that the staged rows are the mapped rows. The last field, the number of the reading, is left out: the same data
/// have the same checksum in every run. It guards against accidents.
/// </summary>
internal static class RowChecksum
{
    private const int LastField = sizeof(int) + sizeof(long);

    /// <summary>The hash of one row, given its bytes after the field count.</summary>
    public static ulong Of(ReadOnlySpan<byte> row) => ByteHash.Of(row[..^LastField]);
}
