using BubbleSync.Etl.Settings;
using BubbleSync.Server.Apps;

namespace BubbleSync.Server;

/// <summary>What a server is made of.</summary>
/// <param name="Apps">The apps, each with a database.</param>
/// <param name="Server">The settings of the server itself.</param>
/// <param name="Address">The address to listen on; port 0 takes a free one.</param>
internal sealed record ServerSetup(IReadOnlyList<AppSettings> Apps, ServerSettings Server, Uri Address)
{
    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Adds to the logs; null for the console alone.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }
}
