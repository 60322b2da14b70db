using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace BubbleSync.Server.Safety;

/// <summary>Lets requests with the access key as bearer token in; without a key in the settings, which only a loopback address allows, all of them.</summary>
internal sealed class AccessKeyHandler(
    AccessKey key, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>The name of the scheme.</summary>
    public const string SchemeName = "Bearer";

    private const string Start = "Bearer ";

    private bool _isLockedOut;

    /// <summary>The address that a request came from; of an IPv6 address the network.</summary>
    public static string AddressOf(HttpContext context) => context.Connection.RemoteIpAddress switch
    {
        null => "unknown",
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } six => new IPAddress([.. six.GetAddressBytes().Take(8), .. new byte[8]]).ToString(),
        { } four => four.ToString(),
    };

    /// <inheritdoc/>
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!key.IsRequired)
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(Person("local"), Scheme.Name)));

        if (Request.Headers.Authorization.ToString() is not { } given || !given.StartsWith(Start, StringComparison.OrdinalIgnoreCase))
            return Task.FromResult(AuthenticateResult.NoResult());

        var check = key.Check(given[Start.Length..].Trim(), AddressOf(Context));
        _isLockedOut = check == KeyCheck.LockedOut;
        return Task.FromResult(check == KeyCheck.Right
            ? AuthenticateResult.Success(new AuthenticationTicket(Person("api"), Scheme.Name))
            : AuthenticateResult.Fail("The access key is wrong."));
    }

    /// <inheritdoc/>
    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        await HandleAuthenticateOnceSafeAsync();
        var problems = Context.RequestServices.GetRequiredService<IProblemDetailsService>();
        Response.StatusCode = _isLockedOut ? StatusCodes.Status429TooManyRequests : StatusCodes.Status401Unauthorized;
        if (_isLockedOut)
            Response.Headers.RetryAfter = AccessKey.LockOut.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        else
            Response.Headers.WWWAuthenticate = "Bearer";
        await problems.TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = Context,
            ProblemDetails =
            {
                Status = Response.StatusCode,
                Title = _isLockedOut ? "Too many wrong keys." : "The access key is missing or wrong.",
                Detail = _isLockedOut
                    ? "This address is locked out. Wait five minutes, then send the right key."
                    : "Send the header 'Authorization: Bearer KEY' with the key of Server:AccessKey.",
            },
        });
    }

    /// <summary>The identity of a caller who has the key.</summary>
    public static ClaimsPrincipal Person(string how) => new(new ClaimsIdentity([new Claim(ClaimTypes.Name, how)], how));
}
