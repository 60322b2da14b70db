using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Runs;

/// <summary>The tables in schema <c>bubblesync</c>, made where they are missing.</summary>
internal static class ControlTables
{
    // "create … if not exists" is not safe against itself: two runs that start at once would collide in the catalogue.
    private const long CreationLock = 0x6275_6262_6C65_0001;

    /// <summary>Makes what is missing; changes nothing that is there.</summary>
    public static async Task EnsureAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync($"select pg_advisory_xact_lock({CreationLock})", cancellationToken);
        await connection.ExecuteAsync(Sql(), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static string Sql()
    {
        using var stream = typeof(ControlTables).Assembly.GetManifestResourceStream("control-tables.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
