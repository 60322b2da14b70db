using System.Security.Cryptography;
using System.Text;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Runs;

/// <summary>The tables in schema <c>bubblesync</c>, made where they are missing.</summary>
internal static class ControlTables
{
    // "create … if not exists" is not safe against itself: two runs that start at once would collide in the catalogue.
    private const long CreationLock = 0x6275_6262_6C65_0001;

    /// <summary>Makes what is missing; asks for no right where nothing is.</summary>
    public static async Task EnsureAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (sql, mark) = (Sql(), $"BubbleSync control tables {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql())))[..12]}");
        var found = await connection.ScalarAsync<string>("select obj_description(to_regnamespace('bubblesync'), 'pg_namespace')", cancellationToken);
        if (found == mark)
            return;

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync($"select pg_advisory_xact_lock({CreationLock})", cancellationToken);
        await connection.ExecuteAsync($"{sql};\ncomment on schema bubblesync is {Identifier.Literal(mark)}", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static string Sql()
    {
        using var stream = typeof(ControlTables).Assembly.GetManifestResourceStream("control-tables.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
