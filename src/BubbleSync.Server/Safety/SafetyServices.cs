using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.RateLimiting;

namespace BubbleSync.Server.Safety;

/// <summary>The access key, and the limits of requests.</summary>
internal static class SafetyServices
{
    /// <summary>The limit of event streams that are open at a time.</summary>
    public const string Events = "events";

    /// <summary>The most event streams.</summary>
    public const int MostEvents = 200;

    /// <summary>The largest body of a request.</summary>
    public const long MostBytes = 1024 * 1024;

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromMinutes(2);

    /// <summary>Registers them.</summary>
    public static void AddSafety(this WebApplicationBuilder builder, ServerSetup setup)
    {
        var services = builder.Services;
        services.AddSingleton(_ => new AccessKey(setup.Server.AccessKey));
        services.AddAuthentication(AccessKeyHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, AccessKeyHandler>(AccessKeyHandler.SchemeName, null)
            .AddPageAccess(setup);
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = "bubblesync-form";
            antiforgery.Cookie.HttpOnly = true;
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        // Keys in memory only: nothing on the disk lets anybody in, and a restart ends all sign-ins.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddRequestTimeouts(timeouts => timeouts.DefaultPolicy = new() { Timeout = RequestTimeout, TimeoutStatusCode = 503 });
        services.AddRateLimiter(limits =>
        {
            limits.RejectionStatusCode = StatusCodes.Status503ServiceUnavailable;
            limits.AddConcurrencyLimiter(Events, streams => (streams.PermitLimit, streams.QueueLimit) = (MostEvents, 0));
        });
        // Another site could reach a loopback server by a name of its own that leads here.
        if (ListenAddress.IsLoopback(setup.Address))
            services.Configure<HostFilteringOptions>(hosts => hosts.AllowedHosts = ["localhost", "127.0.0.1", "[::1]"]);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MostBytes;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(20);
            kestrel.Limits.MaxConcurrentConnections = 2000;
        });
    }
}
