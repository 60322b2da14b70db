using Microsoft.AspNetCore.Mvc;

namespace BubbleSync.Server.Safety;

/// <summary>Headers that every answer has, and the refusal of requests that another site made a browser send.</summary>
internal static class SecurityHeaders
{
    // Nothing that a browser loads from the API may load anything else.
    private const string Policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    // Scripts, styles and fonts are files of this server. Components position their parts by style attributes, which can run nothing.
    private const string PagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
        + "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

    private static readonly string[] WithoutPage = ["/api", "/openapi", "/healthz", "/readyz"];

    /// <summary>Adds both.</summary>
    public static void UseSecurityHeaders(this WebApplication app) => app.Use(async (context, next) =>
    {
        // At the last moment: the answer to an exception begins with no headers.
        context.Response.OnStarting(() =>
        {
            Set(context.Response, context.Request.Path);
            return Task.CompletedTask;
        });
        if (!IsForeign(context.Request))
        {
            await next();
            return;
        }

        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        await context.RequestServices.GetRequiredService<IProblemDetailsService>().TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails = new ProblemDetails
            {
                Status = StatusCodes.Status403Forbidden,
                Title = "The request came from another site.",
                Detail = "Use the API without a browser, or from a page of the same address.",
            },
        });
    });

    private static void Set(HttpResponse response, PathString path)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = WithoutPage.Any(start => path.StartsWithSegments(start, StringComparison.OrdinalIgnoreCase)) ? Policy : PagePolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        // With no-referrer, a browser would name no origin of a form that is sent here, and the form would be refused.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        if (path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
            || response.ContentType?.StartsWith("text/html", StringComparison.Ordinal) == true)
            headers.CacheControl = "no-store";
    }

    // A browser says where a request comes from, and no page can change that. Reading is safe: the browser keeps the answer from the other site. A web socket
    // begins with a GET, and the other site could read and write it.
    private static bool IsForeign(HttpRequest request) =>
        (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) || request.Headers.Upgrade.Count > 0)
        && (request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin" or "none") || IsOtherOrigin(request));

    private static bool IsOtherOrigin(HttpRequest request) =>
        request.Headers.Origin.ToString() is { Length: > 0 } origin
        && !(Uri.TryCreate(origin, UriKind.Absolute, out var address) && address.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase));
}
