using BubbleSync.Server.Safety;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;

namespace BubbleSync.Server.Page.Layout;

/// <summary>Ends the live connection of a page when its sign-in ends.</summary>
internal sealed class EndingSignIn(ILoggerFactory loggers, TimeProvider clock) : RevalidatingServerAuthenticationStateProvider(loggers)
{
    /// <inheritdoc/>
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    protected override Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        Task.FromResult(!PageAccess.HasEnded(authenticationState.User, clock.GetUtcNow()));
}
