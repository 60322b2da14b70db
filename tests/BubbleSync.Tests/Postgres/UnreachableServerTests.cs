using BubbleSync.Etl.Words;
using BubbleSync.Tests.Scripts;
using Npgsql;
using Xunit;
using static BubbleSync.Tests.Postgres.OpenedDatabase;

namespace BubbleSync.Tests.Postgres;

/// <summary>Servers that cannot be reached, or have no TLS: each is reported with its cause.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class UnreachableServerTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task A_server_without_tls_is_told()
    {
        var address = new NpgsqlConnectionStringBuilder(await postgres.CreateDatabaseAsync()) { SslMode = SslMode.Require };

        var failure = await FailAsync(address.ConnectionString);

        Assert.Contains("demands TLS (sslmode), and the server does not offer it. Switch TLS on at the server", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host=127.0.0.1 port=9 user=me", "nothing listens on this port")]
    [InlineData("host=nowhere.invalid user=me", "no address is known for this host name")]
    [InlineData("host=127.0.0.1,localhost port=9 user=me", "nothing listens on this port")]
    public async Task What_cannot_be_reached_is_told_with_its_cause(string text, string why)
    {
        var failure = await FailAsync(text);

        Assert.Equal(ErrorCode.TargetUnreachable, failure.Errors[0].Code);
        Assert.Contains($" cannot be reached: {why}", failure.Message, StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task A_folder_without_a_socket_is_told()
    {
        var failure = await FailAsync("host=/nowhere port=5433 user=me");

        Assert.Contains("/nowhere:5433/ cannot be reached: no server listens at the unix socket .s.PGSQL.5433", failure.Message, StringComparison.Ordinal);
    }
}
