using Microsoft.AspNetCore.Http;

namespace BubbleSync.Simulator.Serving;

/// <summary>Refuses requests without the right token. Descriptions of the API need none, but a wrong one is refused there too.</summary>
internal static class TokenCheck
{
    public static void Demand(string token, HttpRequest request, RequestKind kind)
    {
        var given = Given(request);
        if (given == token || (given.Length == 0 && kind is RequestKind.Meta or RequestKind.Swagger))
            return;

        throw Refusal.BadToken(given);
    }

    private static string Given(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return header["Bearer ".Length..];

        return request.Query["api_token"].ToString();
    }
}
