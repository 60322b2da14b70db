using System.Text;
using System.Text.Json;
using BubbleSync.Etl.Settings;
using static System.FormattableString;

namespace BubbleSync.Etl.Bubble;

/// <summary>Makes the errors of the source, without the token: what was refused, by whom, and what to do. All errors of the source are made here.</summary>
internal sealed class BubbleRefusal(BubbleSettings settings)
{
    private const string Root = "/api/1.1";
    private const string NotExposed =
        "Tick the type under Settings > API, deploy, and check bubbleType in the entity's map and the version in Bubble:BaseUrl";

    private const string OtherToken = "Set BUBBLESYNC_Bubble__ApiToken to an admin token of this app (Settings > API in the Bubble editor)";

    // Of a page that is no JSON, so many bytes are read for a message.
    private const int MostDescribed = 16 * 1024;

    // No spelling of a token is longer.
    private const int LongestToken = 4 * 1024;

    // An error has a few hundred bytes.
    private const int LargestError = 16 * 1024;

    private readonly Redaction _redaction = new(settings.ApiToken);

    // Of JSON, and the mark that some put before UTF-8.
    private static ReadOnlySpan<byte> Blank => " \t\r\n\uFEFF"u8;

    /// <summary>An error that names host and entity.</summary>
    public SyncException Failure(string entity, ErrorCode code, string what, bool isTransient, Exception? inner = null)
    {
        var message = $"{entity}: Bubble ({settings.BaseUrl!.Authority}) {_redaction.HideInMessage(what)}.";
        return new SyncException(new SyncError(SyncStage.Extract, entity, null, null, code, message), _redaction.Hide(inner)) { IsTransient = isTransient };
    }

    /// <summary>A text from outside without the token, short enough for a message.</summary>
    public string Clean(string text) => _redaction.Clean(text);

    /// <summary>The status that an error holds which came with 200, or null.</summary>
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
    /// <param name="isOfApp">Whether the app says it, and not a server on the way.</param>
    public SyncException Of(int status, Uri? location, string address, string entity, string said, bool isOfApp)
    {
        var type = address.Split('?')[0];
        return status switch
        {
            401 => Failure(entity, ErrorCode.TokenRefused, $"refused the token (401) for {type}. {OtherToken}", isTransient: false),
            403 when isOfApp => Failure(
                entity, ErrorCode.TokenRefused, $"refused the token (403: {said}) for {type}. Unless this names another cause: {OtherToken}", isTransient: false),
            403 => Failure(
                entity, ErrorCode.SourceForbidden,
                $"is shielded by a server on the way, which refused the request (403: {said}). The token was not looked at. "
                + "Allow the address of this machine there (firewall, IP rule, bot protection)", isTransient: false),
            404 => Failure(entity, ErrorCode.TypeNotExposed, $"knows no {type} (404: {said}). {NotExposed}", isTransient: false),
            414 or 431 => Failure(
                entity, ErrorCode.AddressTooLong, Invariant($"answered {status} ({said}): the request is too long for a server on the way"), isTransient: false),
            304 => Failure(
                entity, ErrorCode.SourceBusy, "answered 304 (not modified), though nothing was asked to be compared: a cache on the way answers for the app",
                isTransient: true),
            >= 300 and < 400 => Failure(entity, ErrorCode.SourceMoved, Invariant($"redirects ({status}) {Moved(location)}"), isTransient: false),
            429 or 503 => Failure(entity, ErrorCode.SourceThrottled, Invariant($"asks to slow down ({status}: {said})"), isTransient: true),
            408 or 421 or 425 or >= 500 => Failure(entity, ErrorCode.SourceBusy, Invariant($"answered {status} ({said})"), isTransient: true),
            _ => Failure(entity, ErrorCode.SourceRefused, Invariant($"answered {status} ({said}) to {type}"), isTransient: false),
        };
    }

    // Of the address only host and root: the rest, and user and password, may hold what was sent.
    private string Moved(Uri? location)
    {
        if (location is null)
            return "without saying where to. Check Bubble:BaseUrl";

        var target = location.IsAbsoluteUri ? location : new Uri(settings.BaseUrl!, location);
        var root = target.AbsolutePath.IndexOf(Root, StringComparison.Ordinal) is >= 0 and var at ? target.AbsolutePath[..(at + Root.Length)] : "";
        var place = _redaction.Hide($"{target.Scheme}://{target.Authority}{root}");
        return root.Length == 0
            ? $"to another page of '{place}', perhaps one to sign in. Check Bubble:BaseUrl, and that the app is open to its API"
            : $"to '{place}': put the address that answers itself into Bubble:BaseUrl";
    }

    /// <summary>
    /// Returns what an answer says, and whether the app says it. Two shapes of error and, from servers on the way, anything else: only the message is taken,
    /// never the rest (a 401 echoes the token).
    /// </summary>
    public (string Words, bool IsOfApp) Said(HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(Encoding.UTF8.GetString(body));
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("body", out var nested) && nested.ValueKind == JsonValueKind.Object)
                root = nested;
            foreach (var name in root.ValueKind == JsonValueKind.Object ? new[] { "message", "translation" } : [])
            {
                if (root.TryGetProperty(name, out var message) && message.ValueKind == JsonValueKind.String)
                    return (_redaction.Clean(message.GetString()!), true);
            }
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            // Not JSON, or a text in it that is none (a lone surrogate): the body itself is all there is to say.
        }

        return (Described(response, body), false);
    }

    /// <summary>
    /// Returns the beginning of a body. What begins like JSON may hold records, of which no message may have a word; anything else is a page of a server on the
    /// way, whose words help.
    /// </summary>
    public string Described(HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        var text = body.TrimStart(Blank);
        return text is [(byte)'{' or (byte)'[' or (byte)'"', ..]
            ? $"{body.Length} bytes of {_redaction.Clean(response.Content.Headers.ContentType?.MediaType ?? "no media type")}"
            : $"\"{_redaction.Clean(Beginning(text))}\"";
    }

    // Not cut within the token, of which a half would not be recognised: what is left of it is longer than any spelling of a token, and is dropped.
    private string Beginning(ReadOnlySpan<byte> text)
    {
        if (text.Length <= MostDescribed)
            return Encoding.UTF8.GetString(text);

        var clean = _redaction.Hide(Encoding.UTF8.GetString(text[..MostDescribed]));
        return clean[..Math.Max(0, clean.Length - LongestToken)];
    }
}
