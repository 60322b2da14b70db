using System.Runtime.ExceptionServices;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres.Failures;
using Npgsql;

namespace BubbleSync.Etl.Staging;

/// <summary>Sends finished rows by COPY.</summary>
internal static class RawCopy
{
    // Signature, no flags, no header extension; the trailer is a field count of -1 (postgresql.org, sql-copy.html).
    private static readonly byte[] Header = [.. "PGCOPY\n"u8, 0xFF, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] Trailer = [0xFF, 0xFF];

    /// <summary>Sends the rows; all of them arrive, or the statement fails.</summary>
    public static async Task CopyAsync(this NpgsqlConnection connection, string sql, CopyBuffer rows, CancellationToken cancellationToken)
    {
        var copy = await connection.BeginRawBinaryCopyAsync(sql, cancellationToken);
        try
        {
            await copy.WriteAsync(Header, cancellationToken);
            await copy.WriteAsync(rows.Written, cancellationToken);
            await copy.WriteAsync(Trailer, cancellationToken);
        }
        catch (Exception failure)
        {
            // The server's own error says more than a cancellation or a broken session, which would hide it.
            if (await TakeBackAsync(copy) is { } refusal && failure is not PostgresException)
                ExceptionDispatchInfo.Throw(refusal);
            throw;
        }

        await copy.DisposeAsync();
    }

    // Disposing would complete what is only half sent. Of a session that ended meanwhile there is nothing to take back.
    private static async Task<PostgresException?> TakeBackAsync(NpgsqlRawCopyStream copy)
    {
        try
        {
            await copy.CancelAsync();
            await copy.DisposeAsync();
            return null;
        }
        catch (PostgresException refusal)
        {
            return refusal;
        }
        catch (Exception ended) when (PostgresFailure.IsOfSession(ended))
        {
            return null;
        }
    }
}
