using BubbleSync.Tests.Scripts;
using Npgsql;
using Xunit;
using static System.FormattableString;
using static BubbleSync.Tests.Postgres.OpenedDatabase;

namespace BubbleSync.Tests.Postgres;

/// <summary>Connections to real servers, by unix socket and by TLS; and each way in which one cannot be opened, with its own words.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class OpeningTests(SecureServer server, PostgresFixture postgres) : IClassFixture<SecureServer>, IClassFixture<PostgresFixture>
{
    private const string Secret = "TopSecret99";
    private const string SessionSql =
        "select current_setting('client_encoding') || '|' || current_setting('timezone') where inet_client_addr() is null";

    private const string Untrusted = "the server's certificate is not trusted: its issuer, 'BubbleSync test authority', is not among the authorities ";
    private const string OtherName = "the server's certificate is for 'localhost', '::1', not for '127.0.0.1'. Connect by a name of the certificate";

    // The servers of these tests are older, or have no TLS.
    private const string OldServer = "sslnegotiation=direct works only with PostgreSQL 17 or newer with TLS switched on";
    private const string NoBinding = "channel_binding=require works only over TLS and where the server keeps the password as SCRAM-SHA-256";

    private int Port => server.Address.Port;

    private string SignIn => $"user={server.Address.Username} password='{server.Address.Password}' dbname={server.Address.Database}";

    private string UserInfo => $"{server.Address.Username}:{Uri.EscapeDataString(server.Address.Password!)}";

    [UnixFact]
    public async Task A_unix_socket_is_reached_in_every_form()
    {
        var (folder, database) = (server.SocketFolder, server.Address.Database);
        string[] forms =
        [
            Invariant($"host={folder} port={Port} {SignIn}"),
            Invariant($"host={folder} port={Port} {SignIn} keepalives=1 keepalives_idle=20 sslmode=prefer"),
            Invariant($"postgresql://{UserInfo}@/{database}?host={folder}&port={Port}"),
            Invariant($"postgresql://{UserInfo}@{Uri.EscapeDataString(folder)}:{Port}/{database}"),
            Invariant($"Host={folder};Port={Port};Username={server.Address.Username};Password={server.Address.Password};Database={database}"),
        ];

        foreach (var form in forms)
            Assert.Equal("UTF8|UTC", await OpenAsync(form, SessionSql));
    }

    [UnixTheory]
    [InlineData("localhost", "sslmode=verify-full sslrootcert={roots}")]
    [InlineData("localhost", "sslmode=verify-full sslrootcert={roots} channel_binding=require")]
    [InlineData("127.0.0.1", "sslmode=verify-ca sslrootcert={roots}")]
    [InlineData("127.0.0.1", "sslmode=require sslrootcert={roots}")]
    [InlineData("127.0.0.1", "sslmode=require channel_binding=require")]
    [InlineData("127.0.0.1", "")]
    public async Task Tls_is_used_as_the_address_says(string host, string options)
    {
        var form = Invariant($"host={host} port={Port} {SignIn} ") + options.Replace("{roots}", server.Roots, StringComparison.Ordinal);

        Assert.Equal("true", await OpenAsync(form, "select ssl::text from pg_stat_ssl where pid = pg_backend_pid()"));
    }

    [UnixTheory]
    [InlineData("localhost", "sslmode=verify-full sslrootcert={other}", Untrusted + "in the file of sslrootcert")]
    [InlineData("localhost", "sslmode=require sslrootcert={other}", Untrusted + "in the file of sslrootcert")]
    [InlineData("localhost", "sslmode=verify-full", Untrusted + "that this system trusts")]
    [InlineData("127.0.0.1", "sslmode=verify-full sslrootcert={roots}", OtherName)]
    public async Task A_certificate_that_is_refused_is_told_with_its_cause(string host, string options, string why)
    {
        var files = options.Replace("{roots}", server.Roots, StringComparison.Ordinal).Replace("{other}", server.OtherRoots, StringComparison.Ordinal);

        var failure = await FailAsync(Invariant($"host={host} port={Port} {SignIn} {files}"));

        var place = Invariant($"PostgreSQL at {host}:{Port}/{server.Address.Database}");
        Assert.StartsWith($"{place} cannot be reached: {why}", failure.Message, StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task With_several_hosts_the_certificate_of_each_is_examined()
    {
        var form = Invariant($"host=localhost,127.0.0.1,localhost port={Port},{Port},9 {SignIn} sslmode=verify-full sslrootcert={server.OtherRoots}");

        var failure = await FailAsync(form);

        Assert.Contains(Invariant($"at localhost:{Port}, {Untrusted}in the file of sslrootcert"), failure.Message, StringComparison.Ordinal);
        Assert.Contains(Invariant($"at 127.0.0.1:{Port}, {OtherName}"), failure.Message, StringComparison.Ordinal);
        Assert.Contains("nothing listens on this port", failure.Message, StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task An_ended_certificate_is_told_with_its_days()
    {
        await using var ended = await EndedCertificate.StartAsync();

        var failure = await FailAsync(Invariant($"host=localhost port={ended.Port} user=me sslmode=verify-full sslrootcert={ended.Roots}"));

        Assert.Contains(
            "cannot be reached: the server's certificate is valid from 2020-01-01 to 2020-07-01 only. Renew it at the server, and check the clock of "
                + "this machine.",
            failure.Message, StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task The_usual_file_of_authorities_checks_the_server_where_tls_is_required()
    {
        var home = Directory.CreateTempSubdirectory("bubblesync-home-").FullName;
        try
        {
            File.Copy(server.OtherRoots, Path.Combine(Directory.CreateDirectory(Path.Combine(home, ".postgresql")).FullName, "root.crt"));

            string[] words = ["doctor", "--output", "json", "--connection", Invariant($"host=localhost port={Port} {SignIn} sslmode=require")];
            var outcome = await ChildProcess.BubblesyncAsync(Repository.Root, words, ("HOME", home));

            Assert.Contains("is not among the authorities in the file of sslrootcert, or in .postgresql/root.crt", outcome.Output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    [Fact]
    public async Task No_statement_is_printed_with_a_name_that_is_not_shown()
    {
        var address = new NpgsqlConnectionStringBuilder(await postgres.CreateDatabaseAsync()) { Database = "no where" };

        var failure = await FailAsync(address.ConnectionString);

        Assert.EndsWith(
            "there is no database '***' (3D000). Correct the name in Postgres:ConnectionString, or make it.", failure.Message, StringComparison.Ordinal);
    }

    [UnixTheory]
    [InlineData(true, "sslmode=require sslnegotiation=direct", OldServer)]
    [InlineData(false, "sslmode=require sslnegotiation=direct", OldServer)]
    [InlineData(true, "sslnegotiation=direct", "cannot be used: sslnegotiation=direct needs sslmode=require, verify-ca or verify-full")]
    [InlineData(false, "channel_binding=require", NoBinding)]
    [InlineData(false, "sslmode=disable channel_binding=require", NoBinding)]
    [InlineData(true, "sslmode=disable channel_binding=require", NoBinding)]
    [InlineData(false, "sslmode=require channel_binding=require", "or set sslmode=disable and channel_binding=disable if the network is trusted")]
    public async Task A_demand_that_the_server_does_not_meet_is_told_with_what_meets_it(bool hasTls, string options, string why)
    {
        var address = hasTls ? server.Address : new NpgsqlConnectionStringBuilder(await postgres.CreateDatabaseAsync());
        var form = Invariant($"host=127.0.0.1 port={address.Port} user={address.Username} password='{address.Password}' dbname={address.Database}");

        var failure = await FailAsync($"{form} {options}");

        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_refusal_of_the_server_has_its_own_words()
    {
        var address = new NpgsqlConnectionStringBuilder(await postgres.CreateDatabaseAsync()) { Pooling = false };
        var (role, full, closed) = ($"role_{Guid.NewGuid():N}", $"full_{Guid.NewGuid():N}", address.Database);
        await ExecuteAsync(address, $"create role {role} login password '{Secret}'; create role {full} login password '{Secret}' connection limit 0");
        await ExecuteAsync(address, $"revoke connect on database {closed} from public");
        try
        {
            const string refused = "refused the connection: ";
            var place = Invariant($"PostgreSQL at {address.Host}:{address.Port}/");
            var known = new NpgsqlConnectionStringBuilder(address.ConnectionString) { Username = role, Password = Secret };
            (NpgsqlConnectionStringBuilder Address, string Message)[] cases =
            [
                (new(known.ConnectionString) { Password = "wrong" }, $"{closed} {refused}the password is wrong, or there is no user '{role}' (28P01)."),
                (new(known.ConnectionString) { Password = null }, $"{closed} cannot be reached: the server asks for a password, and none is given"),
                (new(address.ConnectionString) { Database = "nowhere" }, $"nowhere {refused}there is no database 'nowhere' (3D000). Correct the name"),
                (new(known.ConnectionString) { Database = null }, $" {refused}Postgres:ConnectionString names no database, so that the one with the user's "
                    + $"name was taken, and there is no database '{role}' (3D000). Write the name"),
                (known, $"{closed} {refused}user '{role}' may not connect to database '{closed}' (42501). Allow it: grant connect"),
                (new(known.ConnectionString) { Username = full, Database = "postgres" }, $"postgres {refused}too many connections for role \"{full}\" ("),
            ];

            foreach (var (tried, message) in cases)
            {
                var failure = await FailAsync(tried.ConnectionString);

                Assert.StartsWith(place + message, failure.Message, StringComparison.Ordinal);
                Assert.DoesNotContain(Secret, failure.ToString(), StringComparison.Ordinal);
            }
        }
        finally
        {
            await ExecuteAsync(address, $"drop role {role}; drop role {full}");
        }
    }

    [UnixFact]
    public async Task The_first_host_that_can_be_written_is_taken()
    {
        var form = Invariant($"host=127.0.0.1,127.0.0.1 port=9,{Port} {SignIn} target_session_attrs=read-write");

        Assert.Equal("1", await OpenAsync(form, "select '1'"));
    }

    [UnixFact]
    public async Task Password_file_service_file_and_variables_are_read_by_the_program()
    {
        var (user, database) = (server.Address.Username, server.Address.Database);
        var home = Directory.CreateTempSubdirectory("bubblesync-home-").FullName;
        try
        {
            var password = server.Address.Password!.Replace(@"\", @"\\", StringComparison.Ordinal).Replace(":", @"\:", StringComparison.Ordinal);
            await File.WriteAllTextAsync(Path.Combine(home, ".pgpass"), Invariant($"*:{Port}:{database}:{user}:{password}\n"));
            await File.WriteAllTextAsync(Path.Combine(home, ".pg_service.conf"), Invariant($"[mirror]\nhost=127.0.0.1\nport={Port}\ndbname={database}\n"));

            string[] words = ["doctor", "--output", "json", "--connection", "service=mirror schema=x"];
            var outcome = await ChildProcess.BubblesyncAsync(Repository.Root, words, ("HOME", home), ("PGUSER", user), ("PGPASSWORD", null));

            Assert.Contains(Invariant($"127.0.0.1:{Port}/{database}, PostgreSQL"), outcome.Output, StringComparison.Ordinal);
            Assert.Contains("is passed over: it is a word of another client. Set Postgres:Schema", outcome.Output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnectionStringBuilder address, string sql)
    {
        await using var connection = new NpgsqlConnection(address.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
