using System.Text.RegularExpressions;

namespace BubbleSync.Etl.Settings.Reading;

/// <summary>Checks the settings of the source, from all origins, before the first request. No message quotes a value: it may be a secret.</summary>
internal static partial class BubbleSettingsCheck
{
    private const string Root = "/api/1.1";
    private const string Example = "https://app.example.com/version-test/api/1.1";
    private const string BaseUrl = "Bubble:BaseUrl";
    private const string ApiToken = "Bubble:ApiToken";
    private const string ApiTokenFile = "Bubble:ApiTokenFile";
    private const string Scheme = "Bearer ";

    private static readonly string[] EditorHosts = ["bubble.io", "www.bubble.io"];
    private static readonly string[] OfRequests = ["/api/", "/obj/", "/meta/", "/wf/"];

    /// <summary>Returns what is wrong with the values that are set, each with the setting's name.</summary>
    public static IEnumerable<SettingFault> Faults(BubbleSettings settings)
    {
        if (settings.BaseUrl is { } address && AddressFault(address, settings.AllowHttp) is { } wrong)
            yield return new(BaseUrl, wrong);
        if (settings.ApiToken is { } token && TokenFault(token) is { } malformed)
            yield return new(ApiToken, malformed);
        if (settings.ApiTokenFile is { } file && FileFault(file, settings.ApiToken is not null) is { } unusable)
            yield return new(ApiTokenFile, unusable);
    }

    /// <summary>Returns what a command that reads Bubble lacks as well.</summary>
    public static IEnumerable<SettingFault> Missing(BubbleSettings settings)
    {
        if (settings.BaseUrl is null)
            yield return new(BaseUrl, $"it is not set. Set BUBBLESYNC_Bubble__BaseUrl to the app's address up to and including {Root}, such as {Example}.");
        if (settings is { ApiToken: null, ApiTokenFile: null, Anonymous: false })
        {
            yield return new(ApiToken, "it is not set; without an admin token Bubble hides records and ignores constraints. "
                + "Set BUBBLESYNC_Bubble__ApiToken (Settings > API in the Bubble editor), or BUBBLESYNC_Bubble__ApiTokenFile to a file that has it, "
                + "or set Bubble:Anonymous to true to read only what the app shows to everyone.");
        }
    }

    /// <summary>
    /// Returns the fault of a text that is no web address. It is quoted only where it looks like the address of an app: anything else may be a secret.
    /// </summary>
    public static string AddressFault(string text) => WithoutScheme().Match(text) is { Success: true } app
        ? $"http:// or https:// in front is missing. Did you mean {(app.Groups["local"].Success ? "http" : "https")}://{text.TrimEnd('/')}?"
        : $"an http(s) address up to and including {Root} is expected, such as {Example}.";

    private static string? AddressFault(Uri address, bool allowHttp)
    {
        // A host with a port and no scheme reads as a scheme with a path.
        if (!address.IsAbsoluteUri || !address.OriginalString.Contains("://", StringComparison.Ordinal))
            return AddressFault(address.OriginalString);
        if (EditedApp(address) is { } app)
        {
            return $"this is an address of the Bubble editor. Did you mean https://{app}.bubbleapps.io{Root} (live) "
                + $"or https://{app}.bubbleapps.io/version-test{Root} (development)?";
        }

        if (address.Scheme is not ("http" or "https") || address.UserInfo.Length > 0)
            return $"an http(s) address up to and including {Root} is expected, such as {Example}.";
        if (address.Query.Length > 0 || address.Fragment.Length > 0)
            return $"an address without '?' and '#' is expected. {Meant(address)}";
        if (!address.AbsolutePath.TrimEnd('/').EndsWith(Root, StringComparison.Ordinal))
            return $"it must end in {Root}. {Meant(address)}";
        if (address.Scheme == "http" && !address.IsLoopback && !allowHttp)
            return $"plain http:// shows the token to everyone on the way. Use https://{address.Authority}, or set Bubble:AllowHttp to true.";
        return null;
    }

    // The part before the path of requests is the app and, where given, its version.
    private static string Meant(Uri address)
    {
        var path = address.AbsolutePath;
        var cuts = OfRequests.Select(part => $"{path}/".IndexOf(part, StringComparison.OrdinalIgnoreCase)).Where(at => at >= 0);
        var app = path[..Math.Min(path.Length, cuts.DefaultIfEmpty(path.Length).Min())].TrimEnd('/');
        return $"Did you mean {address.Scheme}://{address.Authority}{app}{Root}?";
    }

    // The editor's pages name the app in their query; its own address is another one.
    private static string? EditedApp(Uri address) =>
        EditorHosts.Contains(address.Host, StringComparer.OrdinalIgnoreCase) && AppId().Match(address.Query) is { Success: true } id
            ? id.Groups[1].Value
            : null;

    [GeneratedRegex("[?&]id=([A-Za-z0-9-]+)(?:&|$)")]
    private static partial Regex AppId();

    [GeneratedRegex(@"^((?<local>localhost|127\.0\.0\.1)|[a-z0-9-]+(\.[a-z0-9-]+)+)(:[0-9]+)?(/[a-z0-9-]+)?/api/1\.1/?$", RegexOptions.IgnoreCase)]
    private static partial Regex WithoutScheme();

    private static string? FileFault(string path, bool hasToken)
    {
        if (hasToken)
            return $"{ApiToken} is set too. Set one of them: which of two tokens counts must not be a guess.";

        var (token, fault) = TokenFile.Read(path);
        return fault ?? TokenFault(token!);
    }

    private static string? TokenFault(string token)
    {
        if ("\"'`".Contains(token[0], StringComparison.Ordinal) || "\"'`".Contains(token[^1], StringComparison.Ordinal))
            return "the token has quotation marks around it. Remove them; they may be part of the variable's value.";
        if (token.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return "the token begins with 'Bearer'. Give the token alone; the program adds the word.";
        return token.All(c => c is > ' ' and <= '~')
            ? null
            : "a token has no blanks, no line breaks and nothing but ASCII; copy it again from Settings > API in the Bubble editor.";
    }
}
