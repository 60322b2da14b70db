using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Npgsql;
using static System.FormattableString;

namespace BubbleSync.Etl.Postgres.Failures;

/// <summary>
/// Finds out why a server's certificate was refused. Npgsql only says that it was, so the handshake is repeated to examine the certificate. The result never
/// decides whether a connection is opened.
/// </summary>
internal sealed class CertificateCheck
{
    // Its name where libpq and Npgsql look for it on their own.
    private const string UsualFile = "root.crt";

    // Length and code of the message by which a client asks for TLS (manual, "Message Formats", SSLRequest).
    private static readonly byte[] TlsRequest = [0, 0, 0, 8, 4, 210, 22, 47];

    private readonly NpgsqlConnectionStringBuilder _keywords;
    private readonly string _host;
    private readonly int _port;
    private string? _fault;

    private CertificateCheck(NpgsqlConnectionStringBuilder keywords, string host, int port) => (_keywords, _host, _port) = (keywords, host, port);

    /// <summary>
    /// Returns what is wrong with the certificate and what to do, for each host where there are several; null where that cannot be found out.
    /// </summary>
    public static async Task<string?> FindFaultAsync(NpgsqlConnectionStringBuilder keywords, CancellationToken cancellationToken)
    {
        var hosts = keywords.Host!.Split(',');
        if (hosts.Length == 1)
            return await FindFaultAsync(keywords, hosts[0], keywords.Port, cancellationToken);

        var found = await Task.WhenAll(hosts.Select(async host =>
        {
            var (name, port) = Split(host, keywords.Port);
            return (host, Fault: await FindFaultAsync(keywords, name, port, cancellationToken));
        }));
        var faults = found.Where(one => one.Fault is not null).Select(one => $"at {one.host}, {one.Fault}").ToList();
        return faults.Count == 0 ? null : string.Join(' ', faults);
    }

    private static async Task<string?> FindFaultAsync(NpgsqlConnectionStringBuilder keywords, string host, int port, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(keywords.Timeout is > 0 and < 15 ? keywords.Timeout : 15));
        var check = new CertificateCheck(keywords, host, port);
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

    // One of several hosts may have a port of its own; an IPv6 address stands in brackets then.
    private static (string Host, int Port) Split(string host, int port)
    {
        var colon = host.LastIndexOf(':');
        var hasPort = colon > host.LastIndexOf(']') && host.IndexOf(':', StringComparison.Ordinal) is var first && (first == colon || host.StartsWith('['));
        return hasPort
            ? (host[..colon].Trim('[', ']'), int.Parse(host[(colon + 1)..], CultureInfo.InvariantCulture))
            : (host.Trim('[', ']'), port);
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_host, _port, cancellationToken);
        await using var stream = client.GetStream();
        await stream.WriteAsync(TlsRequest, cancellationToken);
        var answer = new byte[1];
        await stream.ReadExactlyAsync(answer, cancellationToken);
        if (answer[0] != (byte)'S')
            return;

        await using var tls = new SslStream(stream);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = _host,
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
            return $"the server's certificate is for {Names(certificate)}, not for '{_host}'. Connect by a name of the certificate, "
                + "or set sslmode=verify-ca if the name need not be checked (with a file in sslrootcert: sslrootcert=system always checks it).";
        }

        if (Roots() is { } roots)
        {
            chain.ChainPolicy.CustomTrustStore.AddRange(roots);
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.Build(certificate);
        }

        var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
            return Untimely(certificate, chain);

        if (status == X509ChainStatusFlags.NoError)
            return null;
        var trusted = _keywords.RootCertificate switch
        {
            null => "the authorities that this system trusts",
            var file when Path.GetFileName(file) == UsualFile =>
                $"the authorities in the file of sslrootcert, or in .postgresql/{UsualFile} where that names none",
            _ => "the authorities in the file of sslrootcert",
        };
        return $"the server's certificate is not trusted: its issuer, '{certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: true)}', "
            + $"is not among {trusted} ({status}). Put the certificate of the issuer into a file and name the file in sslrootcert.";
    }

    // The certificate of the issuer may be the one that has expired.
    private static string Untimely(X509Certificate2 certificate, X509Chain chain)
    {
        var ended = chain.ChainElements.FirstOrDefault(e => e.ChainElementStatus.Any(s => s.Status == X509ChainStatusFlags.NotTimeValid))?.Certificate
            ?? certificate;
        var whose = ended.Thumbprint == certificate.Thumbprint
            ? "the server's certificate"
            : $"the certificate of an issuer, '{ended.GetNameInfo(X509NameType.SimpleName, forIssuer: false)}',";
        return Invariant($"{whose} is valid from {ended.NotBefore.ToUniversalTime():yyyy-MM-dd} to {ended.NotAfter.ToUniversalTime():yyyy-MM-dd} ")
            + "only. Renew it at the server, and check the clock of this machine.";
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
