using BubbleSync.Server.Page.Layout;
using BubbleSync.Server.Page.Orders;
using BubbleSync.Server.Page.Parts;
using BubbleSync.Server.Safety;
using Microsoft.AspNetCore.Components.Authorization;
using Radzen;

namespace BubbleSync.Server.Page;

/// <summary>The web page: components that the server renders, and their live connection.</summary>
internal static class PageServices
{
    // The largest message from a browser: ten thousand ids.
    private const long MostBytes = 1024 * 1024;

    private const int MostDisconnected = 50;

    /// <summary>Registers what the page needs.</summary>
    public static void AddPage(this WebApplicationBuilder builder)
    {
        // Files of the page lie in the source folder and in packages until the program is published.
        builder.WebHost.UseStaticWebAssets();
        builder.Services.AddRazorComponents()
            .AddInteractiveServerComponents(circuits =>
            {
                circuits.DisconnectedCircuitMaxRetained = MostDisconnected;
                circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(2);
            })
            .AddHubOptions(hub => hub.MaximumReceiveMessageSize = MostBytes);
        builder.Services.AddCascadingAuthenticationState();
        builder.Services.AddScoped<AuthenticationStateProvider, EndingSignIn>();
        builder.Services.AddRadzenComponents();
        builder.Services.AddScoped<ViewerTime>().AddScoped<RunStarter>();
    }

    /// <summary>Adds the files and the pages.</summary>
    public static void MapPage(this WebApplication app)
    {
        app.MapStaticAssets();
        app.MapRazorComponents<PageDocument>()
            .AddInteractiveServerRenderMode(connection =>
            {
                // What is compressed together with what a visitor types could show its length; and live pages would cost the processor more.
                connection.DisableWebSocketCompression = true;
                connection.ContentSecurityFrameAncestorsPolicy = "'none'";
            })
            .RequireAuthorization(PageAccess.Policy);
    }
}
