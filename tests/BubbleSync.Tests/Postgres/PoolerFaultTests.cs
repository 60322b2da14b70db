using BubbleSync.Etl.Postgres.Failures;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Postgres;

/// <summary>What a pooler without a free session says, in words that help.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public class PoolerFaultTests
{
    // As PgBouncer 1.18 writes them.
    [Theory]
    [InlineData("query_wait_timeout", true)]
    [InlineData("no more connections allowed (max_client_conn)", true)]
    [InlineData("unsupported startup parameter: options", false)]
    public void A_lack_of_sessions_is_known(string message, bool isFull)
    {
        var refused = new PostgresException(message, "FATAL", "FATAL", PostgresErrorCodes.ProtocolViolation);

        Assert.Equal(isFull, PoolerFault.IsFull(refused));
        Assert.Equal(isFull, PoolerFault.Explain("db.example.com:6432", refused)?.Message.Contains("Make its pool larger", StringComparison.Ordinal) ?? false);
    }
}
