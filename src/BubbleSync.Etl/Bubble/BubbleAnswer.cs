using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using BubbleSync.Etl.Model;
using static System.FormattableString;

namespace BubbleSync.Etl.Bubble;

/// <summary>Takes an answer for what it is: a page, or an error that says what to do. Never trusts a status to mean JSON.</summary>
internal sealed class BubbleAnswer(BubbleSettings settings, ApiMeter meter)
{
    /// <summary>The code of 429 and 503: alive, but busy.</summary>
    public const string Throttled = "source-throttled";

    /// <summary>The code of the error when Bubble asks for a wait longer than the patience.</summary>
    public const string WaitTooLong = "source-wait-too-long";

    private const string Garbled = "source-garbled";

    private const string NotExposed =
        "Tick the type under Settings > API, deploy, and check bubbleType in the entity's map and the version in Bubble:BaseUrl";

    // Of a page that is no JSON, so many bytes are read for a message; no spelling of a token is longer than the other number.
    private const int MostDescribed = 16 * 1024;
    private const int LongestToken = 4 * 1024;

    private readonly BodyReader _bodies = new(meter);
    private readonly Redaction _redaction = new(settings.ApiToken);

    // Of JSON, and the mark that some put before UTF-8.
    private static ReadOnlySpan<byte> Blank => " \t\r\n\uFEFF"u8;

    /// <summary>Gives the page of a good answer, which takes the reserved bytes over; stops with the error of any other.</summary>
    public async Task<RawPage> PageAsync(HttpResponseMessage response, BubbleQuery query, string entity, ByteReservation reserved, AttemptLimit limit)
    {
        await StopUnlessOkAsync(response, query.Address(), entity, limit);
        var (body, length) = await BodyAsync(response, entity, reserved, limit);
        try
        {
            reserved.Shrink(length);
            CheckText(response, entity, body.AsSpan(0, length));
            var page = RawPage.Parse(body, length, response.Headers.Date, reserved, query.Limit);
            body = [];
            if (page.Contradiction(query.Cursor) is not { } contradiction)
                return page;

            page.Dispose();
            throw Failure(entity, "source-contradicts", $"answered 200 with a page that contradicts itself: {contradiction}", isTransient: true);
        }
        catch (JsonException broken)
        {
            var described = $"({Place(broken)}): {Described(response, body.AsSpan(0, length))}";
            throw Failure(entity, Garbled, $"answered 200 with a body that is no search result {described}", isTransient: true, broken);
        }
        finally
        {
            if (body.Length > 0)
                ArrayPool<byte>.Shared.Return(body);
        }
    }

    /// <summary>Gives the document of a good answer, null for 404; stops with the error of any other.</summary>
    public async Task<JsonDocument?> DescriptionAsync(HttpResponseMessage response, string path, AttemptLimit limit)
    {
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;

        await StopUnlessOkAsync(response, path, path, limit);
        var (body, length) = await BodyAsync(response, path, null, limit);
        try
        {
            CheckText(response, path, body.AsSpan(0, length));
            // A copy: the document outlives the buffer.
            return JsonDocument.Parse(body.AsMemory(0, length).ToArray());
        }
        catch (JsonException broken)
        {
            var described = $"({Place(broken)}): {Described(response, body.AsSpan(0, length))}";
            throw Failure(path, Garbled, $"answered 200 with a body that is no JSON {described}", isTransient: true, broken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
    }

    /// <summary>An error of the source that names host and entity. All errors of the source are made here, where the token is removed from them.</summary>
    public SyncException Failure(string entity, string code, string what, bool isTransient, Exception? inner = null)
    {
        var message = $"{entity}: Bubble ({settings.BaseUrl!.Authority}) {_redaction.HideInMessage(what)}.";
        return new SyncException(new SyncError("extract", entity, null, null, code, message), _redaction.Hide(inner)) { IsTransient = isTransient };
    }

    /// <summary>The error of an answer other than 200 whose body did not come in time.</summary>
    public SyncException RefusalWithoutBody(HttpResponseMessage response, string entity) =>
        Refusal(response, $"{response.RequestMessage?.RequestUri?.AbsolutePath}", entity, "with a body that did not come in time");

    // Read all the same, letters would be lost for good: the parser does not look at them.
    private void CheckText(HttpResponseMessage response, string entity, ReadOnlySpan<byte> body)
    {
        if (!Utf8.IsValid(body))
            throw Failure(entity, Garbled, $"answered 200 with a body that is not UTF-8: {Described(response, body)}", isTransient: true);
    }

    // The status decides, even if the body is lost.
    private async Task StopUnlessOkAsync(HttpResponseMessage response, string address, string entity, AttemptLimit limit)
    {
        if (response.StatusCode == HttpStatusCode.OK)
            return;

        string said;
        try
        {
            var (body, length) = await BodyAsync(response, entity, null, limit);
            said = Said(response, body.AsSpan(0, length));
            ArrayPool<byte>.Shared.Return(body);
        }
        catch (SyncException unreadable)
        {
            said = $"with a body that cannot be read: {Cause(unreadable.InnerException)}";
        }

        throw Refusal(response, address, entity, said);
    }

    private SyncException Refusal(HttpResponseMessage response, string address, string entity, string said)
    {
        var status = (int)response.StatusCode;
        var type = address.Split('?')[0];
        return status switch
        {
            401 or 403 => Failure(entity, "token-refused", Invariant($"refused the token ({status}) for {type}. ")
                + "Set BUBBLESYNC_Bubble__ApiToken to an admin token of this app (Settings > API in the Bubble editor)", isTransient: false),
            404 => Failure(entity, "type-not-exposed", $"knows no {type} (404: {said}). {NotExposed}", isTransient: false),
            >= 300 and < 400 => Failure(entity, "source-moved", Moved(status, response.Headers.Location), isTransient: false),
            429 or 503 => Failure(entity, Throttled, Invariant($"asks to slow down ({status}: {said})"), isTransient: true),
            408 or 421 or 425 or >= 500 => Failure(entity, "source-busy", Invariant($"answered {status} ({said})"), isTransient: true),
            _ => Failure(entity, "source-refused", Invariant($"answered {status} ({said}) to {type}"), isTransient: false),
        };
    }

    // Neither user and password nor path and query: these may hold what was sent.
    private string Moved(int status, Uri? location)
    {
        var place = location is { IsAbsoluteUri: true } ? $"'{_redaction.Hide($"{location.Scheme}://{location.Authority}")}'" : "another path";
        return Invariant($"redirects ({status}) to {place}: put the address that answers itself into Bubble:BaseUrl");
    }

    // Two shapes of error and, from proxies, anything else: only the message is taken, never the rest (a 401 echoes the token).
    private string Said(HttpResponseMessage response, ReadOnlySpan<byte> body)
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
                    return _redaction.Clean(message.GetString()!);
            }
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            // Not JSON, or a text in it that is none (a lone surrogate): the body itself is all there is to say.
        }

        return Described(response, body);
    }

    // What begins like JSON may hold records, of which no message may have a word; anything else is a page of somebody in between, whose words help.
    private string Described(HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        var text = body.TrimStart(Blank);
        return text is [(byte)'{' or (byte)'[' or (byte)'"', ..]
            ? $"{body.Length} bytes of {_redaction.Clean(response.Content.Headers.ContentType?.MediaType ?? "no said type")}"
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

    // The parser's own words may quote what it stumbled over.
    private static string Place(JsonException broken) =>
        broken.BytePositionInLine is { } position
            ? Invariant($"it breaks at line {broken.LineNumber + 1}, byte {position}")
            : "there is no response.results list in it";

    // Decompression, connection and framing fail with different exceptions; the caller treats them alike.
    private async Task<(byte[] Body, int Length)> BodyAsync(HttpResponseMessage response, string entity, ByteReservation? reserved, AttemptLimit limit)
    {
        try
        {
            // The handler has already decompressed the encodings that it supports and removed them from the header.
            if (response.Content.Headers.ContentEncoding.FirstOrDefault(e => !e.Equals("identity", StringComparison.OrdinalIgnoreCase)) is { } encoding)
                throw new NotSupportedException($"it is packed as '{_redaction.Clean(encoding)}', which was not asked for");

            return await _bodies.ReadAsync(response, reserved, limit);
        }
        catch (BodyTooLargeException tooLarge)
        {
            throw Failure(entity, "page-too-large", $"sent a page of {tooLarge.Message}: lower Bubble:PageSize", isTransient: false);
        }
        catch (Exception broken) when (broken is not (OperationCanceledException or SyncException))
        {
            throw Failure(entity, Garbled, Invariant($"answered {(int)response.StatusCode} with a body that cannot be read: ")
                + Cause(broken), isTransient: true, broken);
        }
    }

    private static string Cause(Exception? broken) => broken switch
    {
        NotSupportedException unasked => unasked.Message,
        InvalidDataException or InvalidOperationException => "its compression is broken",
        HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } => "the connection ended before all of it had come",
        not null => $"the connection broke ({broken.GetBaseException().Message})",
        null => "it is too large",
    };
}
