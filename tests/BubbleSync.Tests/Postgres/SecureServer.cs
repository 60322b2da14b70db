using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Tests.EmbeddedPostgres;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Postgres;

/// <summary>A PostgreSQL that offers TLS, with a certificate for <c>localhost</c> by an authority of its own, and that listens at a unix socket too.</summary>
public sealed class SecureServer : IAsyncLifetime, IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(3));
    private readonly ClusterFolder _cluster = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bs-");
    private EmbeddedPostgresServer? _server;

    /// <summary>Host, port, superuser, its password and a database.</summary>
    internal NpgsqlConnectionStringBuilder Address => new(_server!.ConnectionString);

    /// <summary>The folder of the unix socket.</summary>
    public string SocketFolder => _folder.FullName;

    /// <summary>A file with the certificate of the authority that signed the server's.</summary>
    public string Roots => Path.Combine(_folder.FullName, "roots.pem");

    /// <summary>A file with the certificate of another authority.</summary>
    public string OtherRoots => Path.Combine(_folder.FullName, "other.pem");

    public async Task InitializeAsync()
    {
        if (OperatingSystem.IsWindows())
            return;
        // The server's user may be another one, who makes the socket here.
        File.SetUnixFileMode(_folder.FullName, (UnixFileMode)0b_111_111_111);
        var options = _cluster.Options;
        _server = await EmbeddedPostgresServer.StartAsync(
            options with { Settings = new Dictionary<string, string>(options.Settings) { ["unix_socket_directories"] = SocketFolder } }, _limit.Token);
        using var authority = Authority("BubbleSync test authority");
        using var other = Authority("Another authority");
        await File.WriteAllTextAsync(Roots, authority.ExportCertificatePem(), _limit.Token);
        await File.WriteAllTextAsync(OtherRoots, other.ExportCertificatePem(), _limit.Token);
        await SwitchTlsOnAsync(authority);
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    public void Dispose()
    {
        _cluster.Dispose();
        _folder.Delete(recursive: true);
        _limit.Dispose();
    }

    /// <summary>Executes SQL as the superuser.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_server!.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(_limit.Token);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(_limit.Token);
    }

    /// <summary>Makes the certificate of an authority, which is valid from 2020 on.</summary>
    internal static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(150));
    }

    // The server writes its own files, so that they are its user's and nobody else's.
    private async Task SwitchTlsOnAsync(X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, authority.NotBefore, authority.NotAfter, [1, 2, 3, 4, 5, 6, 7, 8]);

        foreach (var (file, text) in new[] { ("server.crt", certificate.ExportCertificatePem()), ("server.key", key.ExportPkcs8PrivateKeyPem()) })
            await ExecuteAsync($"copy (select unnest(string_to_array('{text}', chr(10)))) to program 'umask 077; cat > {file}'");
        await ExecuteAsync("alter system set ssl = on");
        await ExecuteAsync("select pg_reload_conf()");
        await UntilTlsIsOnAsync();
    }

    private async Task UntilTlsIsOnAsync()
    {
        var address = new NpgsqlConnectionStringBuilder(_server!.ConnectionString) { Pooling = false, SslMode = SslMode.Require };
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(address.ConnectionString);
                await connection.OpenAsync(_limit.Token);
                return;
            }
            catch (NpgsqlException)
            {
                // The reload is under way.
                await Task.Delay(10, _limit.Token);
            }
        }
    }
}
