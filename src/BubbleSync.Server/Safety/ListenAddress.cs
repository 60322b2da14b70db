using System.Net;
using BubbleSync.Etl;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Server.Safety;

/// <summary>The address that the server listens on.</summary>
internal static class ListenAddress
{
    /// <summary>The default.</summary>
    public const string Default = "http://127.0.0.1:5275";

    /// <summary>Checks the address. If other machines can reach it, a key must be set.</summary>
    /// <exception cref="SyncException">It is no address, or other machines could reach the server without a key.</exception>
    public static Uri Check(string given, string? accessKey)
    {
        var text = given.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.AbsolutePath != "/")
            throw Usage($"'{given}' is no address to listen on. Give one such as {Default}.");

        if (accessKey is { Length: < AccessKey.Least })
            throw Refused("Server:AccessKey", Invariant($"Server:AccessKey is too short. Give at least {AccessKey.Least} characters."));

        return IsLoopback(address) || accessKey is not null ? address : throw Usage(
            $"{given} can be reached from other machines, so the server needs a key. Set BUBBLESYNC_Server__AccessKey, or listen on {Default}.");
    }

    /// <summary>Whether only this machine reaches it.</summary>
    public static bool IsLoopback(Uri address) =>
        address.Host == "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));

    private static SyncException Usage(string message) => Refused("--urls", message);

    private static SyncException Refused(string field, string message) =>
        new(new SyncError(SyncStage.Settings, null, null, field, ErrorCode.Settings, message));
}
