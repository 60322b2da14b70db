using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Postgres.Failures;

/// <summary>
/// Finds out why a server's certificate was refused. Npgsql only says that it was, so the handshake is made once more, to look at the certificate. This never
/// decides whether a connection is made.
/// </summary>
internal sealed class CertificateCheck
{
    // Length and code of the message by which a client asks for TLS (manual, "Message Formats", SSLRequest).
    private static readonly byte[] TlsRequest = [0, 0, 0, 8, 4, 210, 22, 47];

    private readonly NpgsqlConnectionStringBuilder _keywords;
    private string? _fault;

    private CertificateCheck(NpgsqlConnectionStringBuilder keywords) => _keywords = keywords;

    /// <summary>Returns what is wrong with the certificate and what to do; null where that cannot be found out.</summary>
    public static async Task<string?> FindFaultAsync(NpgsqlConnectionStringBuilder keywords, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(keywords.Timeout is > 0 and < 15 ? keywords.Timeout : 15));
        var check = new CertificateCheck(keywords);
        try
        {
            await check.ConnectAsync(limit.Token);
        }
        catch (Exception failure) when (failure is IOException or SocketException or AuthenticationException or CryptographicException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Expected: the certificate is refused here too.
        }

        return check._fault;
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_keywords.Host!, _keywords.Port, cancellationToken);
        await using var stream = client.GetStream();
        await stream.WriteAsync(TlsRequest, cancellationToken);
        var answer = new byte[1];
        await stream.ReadExactlyAsync(answer, cancellationToken);
        if (answer[0] != (byte)'S')
            return;

        await using var tls = new SslStream(stream);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = _keywords.Host,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                if (certificate is X509Certificate2 shown && chain is not null)
                    _fault = Fault(shown, chain, errors);
                return false;
            },
        };
        await tls.AuthenticateAsClientAsync(options, cancellationToken);
    }

    private string? Fault(X509Certificate2 certificate, X509Chain chain, SslPolicyErrors errors)
    {
        if (_keywords.SslMode == SslMode.VerifyFull && errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return $"the server's certificate is for {Names(certificate)}, not for '{_keywords.Host}'. Connect by a name of the certificate, "
                + "or set sslmode=verify-ca if the name need not be checked.";
        }

        if (Roots() is { } roots)
        {
            chain.ChainPolicy.CustomTrustStore.AddRange(roots);
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.Build(certificate);
        }

        var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            var (from, to) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
            return Invariant($"the server's certificate is valid from {from:yyyy-MM-dd} to {to:yyyy-MM-dd} ")
                + "only. Renew it at the server, and check the clock of this machine.";
        }

        if (status == X509ChainStatusFlags.NoError)
            return null;
        var trusted = _keywords.RootCertificate is null ? "the authorities that this system trusts" : "the authorities in the file of sslrootcert";
        return $"the server's certificate is not trusted: its issuer, '{certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: true)}', "
            + $"is not among {trusted} ({status}). Put the certificate of the issuer into a file and name the file in sslrootcert.";
    }

    private X509Certificate2Collection? Roots()
    {
        if (_keywords.RootCertificate is not { } file)
            return null;
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(file);
        return roots;
    }

    private static string Names(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(address => address.ToString()))).Take(5).ToList();
        return string.Join(", ", (names.Count > 0 ? names : [certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false)]).Select(name => $"'{name}'"));
    }
}
