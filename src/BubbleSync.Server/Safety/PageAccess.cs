using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;

namespace BubbleSync.Server.Safety;

/// <summary>The sign-in of the web page: a cookie for some hours, for those who have the access key. The API does not take it.</summary>
internal static class PageAccess
{
    /// <summary>The policy of all pages: signed in, where the settings have an access key.</summary>
    public const string Policy = "page";

    /// <summary>The scheme of the cookie.</summary>
    public const string SchemeName = "page";

    /// <summary>The address of the sign-in.</summary>
    public const string SignInPath = "/sign-in";

    /// <summary>How long a sign-in lasts.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private const string Expires = "expires";

    /// <summary>Adds the cookie and the policy.</summary>
    public static void AddPageAccess(this AuthenticationBuilder authentication, ServerSetup setup)
    {
        authentication.AddCookie(SchemeName, cookie =>
        {
            cookie.Cookie.Name = "bubblesync";
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.SameSite = SameSiteMode.Strict;
            cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            cookie.ExpireTimeSpan = Lifetime;
            cookie.SlidingExpiration = false;
            (cookie.LoginPath, cookie.AccessDeniedPath, cookie.ReturnUrlParameter) = (SignInPath, SignInPath, "to");
            cookie.TimeProvider = setup.Clock;
        });
        authentication.Services.AddAuthorizationBuilder().AddPolicy(Policy, policy =>
        {
            if (setup.Server.AccessKey is null)
                policy.RequireAssertion(_ => true);
            else
                policy.AddAuthenticationSchemes(SchemeName).RequireAuthenticatedUser();
        });
    }

    /// <summary>Signs a visitor in who has the key.</summary>
    public static Task SignInAsync(HttpContext context, TimeProvider clock)
    {
        var end = clock.GetUtcNow() + Lifetime;
        var person = AccessKeyHandler.Person(SchemeName);
        ((ClaimsIdentity)person.Identity!).AddClaim(new Claim(Expires, end.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));
        return context.SignInAsync(SchemeName, person, new AuthenticationProperties { ExpiresUtc = end });
    }

    /// <summary>Whether a sign-in has ended. A page that stays open has no request that would show it.</summary>
    public static bool HasEnded(ClaimsPrincipal person, DateTimeOffset now) =>
        person.FindFirst(Expires) is { } end && now.ToUnixTimeSeconds() >= long.Parse(end.Value, CultureInfo.InvariantCulture);

    /// <summary>Returns an address of this server to go to after the sign-in; the first page where the given one leads elsewhere.</summary>
    public static string Local(string? address) =>
        address is ['/', ..] and not ['/', '/' or '\\', ..] && !address.Any(char.IsControl) ? address : "/";
}
