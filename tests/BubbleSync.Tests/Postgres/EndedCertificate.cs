using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BubbleSync.Tests.Postgres;

/// <summary>
/// Answers like a PostgreSQL that offers TLS, with a certificate for <c>localhost</c> that was valid in 2020. PostgreSQL itself would take a cluster for it.
/// </summary>
internal sealed class EndedCertificate : IAsyncDisposable
{
    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly CancellationTokenSource _end = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate;
    private readonly Task _answering;

    private EndedCertificate(X509Certificate2 certificate, string roots)
    {
        (_certificate, Roots) = (certificate, roots);
        _listener.Start();
        _answering = AnswerAsync();
    }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>A file with the certificate of the authority that signed it.</summary>
    public string Roots { get; }

    /// <summary>Starts it.</summary>
    public static async Task<EndedCertificate> StartAsync()
    {
        using var authority = SecureServer.Authority("BubbleSync test authority");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(authority, From, From.AddMonths(6), [1, 2, 3]);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, authority.ExportCertificatePem());
        return new EndedCertificate(signed.CopyWithPrivateKey(key), file);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _answering;
        _listener.Dispose();
        _certificate.Dispose();
        _end.Dispose();
        File.Delete(Roots);
    }

    private async Task AnswerAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                using var client = await _listener.AcceptTcpClientAsync(_end.Token);
                await using var stream = client.GetStream();
                await stream.ReadExactlyAsync(new byte[8], _end.Token);
                await stream.WriteAsync("S"u8.ToArray(), _end.Token);
                await using var tls = new SslStream(stream);
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _end.Token);
            }
            catch (Exception refused) when (refused is IOException or AuthenticationException or OperationCanceledException)
            {
                // The client refuses the certificate, or the test is over.
            }
        }
    }
}
