using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Bubble;

/// <summary>Makes the errors of the source, without the token: what was refused, by whom, and what to do. All errors of the source are made here.</summary>
internal sealed partial class BubbleRefusal(BubbleSettings settings)
{
    private const string Root = "/api/1.1";
    private const string NotExposed =
        "Tick the type under Settings > API, deploy, and check bubbleType in the entity's map and the version in Bubble:BaseUrl";

    private const string OtherToken = "Set BUBBLESYNC_Bubble__ApiToken to an admin token of this app (Settings > API in the Bubble editor)";

    // The number of bytes that are read for a message, from a page that is no JSON.
    private const int MostDescribed = 16 * 1024;

    // No spelling of a token is longer.
    private const int LongestToken = 4 * 1024;

    // An error has a few hundred bytes.
    private const int LargestError = 16 * 1024;

    private readonly Redaction _redaction = new(settings.ApiToken);

    // The white space of JSON, and the byte order mark that some servers put before UTF-8.
    private static ReadOnlySpan<byte> Blank => " \t\r\n\uFEFF"u8;

    /// <summary>An error that names host and entity.</summary>
    public SyncException Failure(string entity, ErrorCode code, string what, bool isTransient, Exception? inner = null)
    {
        var message = $"{entity}: Bubble ({settings.BaseUrl!.Authority}) {_redaction.HideInMessage(what)}.";
        return new SyncException(new SyncError(SyncStage.Extract, entity, null, null, code, message), _redaction.Hide(inner)) { IsTransient = isTransient };
    }

    /// <summary>A text from outside without the token, short enough for a message.</summary>
    public string Clean(string text) => _redaction.Clean(text);

    /// <summary>The status inside an error that came with 200, or null.</summary>
    public static int? StatusWithin(ReadOnlySpan<byte> body)
    {
        if (body.Length > LargestError)
            return null;

        try
        {
            using var document = JsonDocument.Parse(Encoding.UTF8.GetString(body));
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("statusCode", out var status)
                && status.ValueKind == JsonValueKind.Number && status.TryGetInt32(out var number) && number is >= 400 and < 600 ? number : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The error of an answer other than 200.</summary>
    /// <param name="status">The status.</param>
    /// <param name="location">Where it leads, for a redirect.</param>
    /// <param name="address">The path and query that were asked for.</param>
    /// <param name="entity">The entity.</param>
    /// <param name="said">What the answer says.</param>
    /// <param name="isOfApp">Whether the answer has the form of Bubble's errors, and not that of a server on the way.</param>
    public SyncException Of(int status, Uri? location, string address, string entity, string said, bool isOfApp)
    {
        var type = address.Split('?')[0];
        return status switch
        {
            401 => Failure(entity, ErrorCode.TokenRefused, $"refused the token (401) for {type}. {OtherToken}", isTransient: false),
            403 when isOfApp && OfTheToken().IsMatch(said) => Failure(
                entity, ErrorCode.TokenRefused, $"refused the token (403: {said}) for {type}. Unless this names another cause: {OtherToken}",
                isTransient: false),
            403 when isOfApp => Failure(
                entity, ErrorCode.SourceForbidden,
                $"refused the request (403: {said}) for {type}. The message does not name the token: check the rules that the app has for its API, "
                + "for example which addresses may use it", isTransient: false),
            403 => Failure(
                entity, ErrorCode.SourceForbidden,
                $"was not reached: a server in front of it refused the request (403: {said}) and did not check the token. "
                + "Allow the address of this machine there (firewall, IP rule, bot protection)", isTransient: false),
            404 => Failure(entity, ErrorCode.TypeNotExposed, $"serves no {type} (404: {said}). {NotExposed}", isTransient: false),
            414 or 431 => Failure(
                entity, ErrorCode.AddressTooLong, Invariant($"answered {status} ({said}): the request is too long for a server in front of Bubble"),
                isTransient: false),
            304 => Failure(
                entity, ErrorCode.SourceBusy, "answered 304 (not modified) to a request without a condition: a cache in front of Bubble answers "
                    + "instead of the app",
                isTransient: true),
            >= 300 and < 400 => Failure(entity, ErrorCode.SourceMoved, Invariant($"redirects ({status}) {Moved(location)}"), isTransient: false),
            429 or 503 => Failure(entity, ErrorCode.SourceThrottled, Invariant($"asks to slow down ({status}: {said})"), isTransient: true),
            408 or 421 or 425 or >= 500 => Failure(entity, ErrorCode.SourceBusy, Invariant($"answered {status} ({said})"), isTransient: true),
            _ => Failure(entity, ErrorCode.SourceRefused, Invariant($"answered {status} ({said}) to {type}"), isTransient: false),
        };
    }

    // Only host and root of the address are shown: the rest may contain what was sent.
    private string Moved(Uri? location)
    {
        if (location is null)
            return "without an address. Check Bubble:BaseUrl";

        var target = location.IsAbsoluteUri ? location : new Uri(settings.BaseUrl!, location);
        var root = target.AbsolutePath.IndexOf(Root, StringComparison.Ordinal) is >= 0 and var at ? target.AbsolutePath[..(at + Root.Length)] : "";
        var address = $"{target.Scheme}://{target.Authority}{root}";
        var place = _redaction.Hide(address);
        if (address == settings.BaseUrl!.AbsoluteUri.TrimEnd('/'))
        {
            return $"to the address of Bubble:BaseUrl itself, path '{_redaction.Clean(target.AbsolutePath)}'. "
                + "Bubble does not do that: check the rules of the server in front of it (proxy, CDN, firewall)";
        }

        return root.Length == 0
            ? $"to another page of '{place}', perhaps one to sign in. Check Bubble:BaseUrl, and that the app is open to its API"
            : $"to '{place}': set Bubble:BaseUrl to the address that answers without a redirect";
    }

    /// <summary>
    /// Returns what an answer says, and whether it has one of the two forms of Bubble's errors. Servers on the way have forms of their own. Only the message
    /// is taken, never the rest (a 401 echoes the token).
    /// </summary>
    public (string Words, bool IsOfApp) Said(HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(Encoding.UTF8.GetString(body));
            if (ErrorBody.Of(document.RootElement) is { } error)
                return (_redaction.Clean(error.Words), error.IsOfApp);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            // Not JSON, or with a text that is not valid (a lone surrogate): the body itself is described instead.
        }

        return (Described(response, body), false);
    }

    /// <summary>
    /// Returns the beginning of a body. A body that begins like JSON may contain records, which no message may quote; anything else is a page of a server in
    /// between, whose words help.
    /// </summary>
    public string Described(HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        var text = body.TrimStart(Blank);
        var type = response.Content.Headers.ContentType?.MediaType ?? "";
        // In another encoding JSON does not begin like JSON.
        return text is [(byte)'{' or (byte)'[' or (byte)'"', ..] || type.Contains("json", StringComparison.OrdinalIgnoreCase) || body.Contains((byte)0)
            ? $"{body.Length} bytes of {_redaction.Clean(type.Length > 0 ? type : "no media type")}"
            : $"\"{_redaction.Clean(Beginning(text))}\"";
    }

    // The text must not be cut within the token, because half a token would not be recognised: as many characters as the longest spelling of a token are
    // dropped.
    private string Beginning(ReadOnlySpan<byte> text)
    {
        if (text.Length <= MostDescribed)
            return Encoding.UTF8.GetString(text);

        var clean = _redaction.Hide(Encoding.UTF8.GetString(text[..MostDescribed]));
        return clean[..Math.Max(0, clean.Length - LongestToken)];
    }

    [GeneratedRegex("token|permission|privacy|credential|authenticat|api key", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OfTheToken();
}
