using System.Buffers;
using System.Net;
using System.Text.Json;
using System.Text.Unicode;
using BubbleSync.Etl.Bubble.Throttling;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Bubble;

/// <summary>Turns an answer into a page, or into an error that says what to do. A good status alone does not make a body JSON.</summary>
internal sealed class BubbleAnswer(BubbleSettings settings, ApiMeter meter)
{
    private readonly BodyReader _bodies = new(meter);
    private readonly BubbleRefusal _refusal = new(settings);

    // Characters that nearly all character sets write with the same bytes. UTF-16 and sets with shift sequences do not.
    private static readonly SearchValues<byte> PlainAscii = SearchValues.Create([.. "\t\r\n"u8, .. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (byte)c)]);

    // RFC 8259 forbids it before JSON; some servers on the way add it.
    private static ReadOnlySpan<byte> ByteOrderMark => "\uFEFF"u8;

    /// <summary>Returns the page of a good answer, which takes over the reserved bytes; throws the error of any other answer.</summary>
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
            throw Failure(entity, ErrorCode.SourceContradicts, $"answered 200 with a page that contradicts itself: {contradiction}", isTransient: true);
        }
        catch (JsonException broken)
        {
            if (StatusWithin(response, query.Address(), entity, body.AsSpan(0, length)) is { } refusal)
                throw refusal;

            var described = $"({Place(broken)}): {_refusal.Described(response, body.AsSpan(0, length))}";
            throw Failure(entity, ErrorCode.SourceGarbled, $"answered 200 with a body that is no search result {described}", isTransient: true, broken);
        }
        finally
        {
            if (body.Length > 0)
                ArrayPool<byte>.Shared.Return(body);
        }
    }

    /// <summary>Returns the document of a good answer, null for 404; throws the error of any other answer.</summary>
    public async Task<JsonDocument?> DescriptionAsync(HttpResponseMessage response, string path, AttemptLimit limit)
    {
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;

        await StopUnlessOkAsync(response, path, path, limit);
        var (body, length) = await BodyAsync(response, path, null, limit);
        try
        {
            CheckText(response, path, body.AsSpan(0, length));
            if (StatusWithin(response, path, path, body.AsSpan(0, length)) is { } refusal)
                return refusal.Errors[0].Code == ErrorCode.TypeNotExposed ? null : throw refusal;

            // A copy: the document outlives the buffer.
            return JsonDocument.Parse(body.AsMemory(0, length).ToArray());
        }
        catch (JsonException broken)
        {
            var described = $"({Place(broken)}): {_refusal.Described(response, body.AsSpan(0, length))}";
            // A web page in place of the description is there on purpose: it will be there again.
            var isPage = body.AsSpan(0, length).TrimStart(" \t\r\n"u8) is [(byte)'<', ..];
            throw Failure(path, ErrorCode.SourceGarbled, $"answered 200 with a body that is no JSON {described}", isTransient: !isPage, broken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
    }

    /// <summary>An error of the source that names host and entity, without the token.</summary>
    public SyncException Failure(string entity, ErrorCode code, string what, bool isTransient, Exception? inner = null) =>
        _refusal.Failure(entity, code, what, isTransient, inner);

    /// <summary>The error of an answer other than 200 whose body did not come in time.</summary>
    public SyncException RefusalWithoutBody(HttpResponseMessage response, string entity) =>
        _refusal.Of(
            (int)response.StatusCode, response.Headers.Location, $"{response.RequestMessage?.RequestUri?.AbsolutePath}", entity,
            "without its body, which was not received in time", isOfApp: false);

    // Some errors of Bubble come with 200 and have their status inside.
    private SyncException? StatusWithin(HttpResponseMessage response, string address, string entity, ReadOnlySpan<byte> body)
    {
        if (BubbleRefusal.StatusWithin(body) is not { } status)
            return null;

        var (said, isOfApp) = _refusal.Said(response, body);
        return _refusal.Of(status, null, address, entity, said, isOfApp);
    }

    // If they were parsed nevertheless, letters would be lost, because the parser does not check them. The character set that the server names comes first:
    // bytes of another one are rarely UTF-8, and the same request would get them again.
    private void CheckText(HttpResponseMessage response, string entity, ReadOnlySpan<byte> body)
    {
        if (response.Content.Headers.ContentType?.CharSet is { Length: > 0 } set && !IsUtf8(set) && body.ContainsAnyExcept(PlainAscii))
        {
            throw Failure(
                entity, ErrorCode.SourceCharset,
                $"answered 200 with the character set '{_refusal.Clean(set)}', but JSON is read as UTF-8 only: "
                + "configure the server in front of Bubble to leave the body unchanged",
                isTransient: false);
        }

        if (!Utf8.IsValid(body))
            throw Failure(
                entity, ErrorCode.SourceGarbled, $"answered 200 with a body that is not UTF-8: {_refusal.Described(response, body)}", isTransient: true);
    }

    private static bool IsUtf8(string set) => set.Trim('"', '\'', ' ').ToUpperInvariant() is "UTF-8" or "UTF8";

    // The status decides, even if the body is lost.
    private async Task StopUnlessOkAsync(HttpResponseMessage response, string address, string entity, AttemptLimit limit)
    {
        if (response.StatusCode == HttpStatusCode.OK)
            return;

        var (said, isOfApp) = ("", false);
        try
        {
            var (body, length) = await BodyAsync(response, entity, null, limit);
            (said, isOfApp) = _refusal.Said(response, body.AsSpan(0, length));
            ArrayPool<byte>.Shared.Return(body);
        }
        catch (SyncException unreadable)
        {
            said = $"with a body that cannot be read: {Cause(unreadable.InnerException)}";
        }

        throw _refusal.Of((int)response.StatusCode, response.Headers.Location, address, entity, said, isOfApp);
    }

    // The parser's message may quote the text that it cannot read.
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
                throw new NotSupportedException($"its encoding '{_refusal.Clean(encoding)}' was not requested");

            return WithoutMark(await _bodies.ReadAsync(response, reserved, limit));
        }
        catch (BodyTooLargeException tooLarge)
        {
            throw Failure(entity, ErrorCode.PageTooLarge, $"sent a page of {tooLarge.Message}: lower Bubble:PageSize", isTransient: false);
        }
        catch (Exception broken) when (broken is not (OperationCanceledException or SyncException))
        {
            throw Failure(entity, ErrorCode.SourceGarbled, Invariant($"answered {(int)response.StatusCode} with a body that cannot be read: ")
                + Cause(broken), isTransient: true, broken);
        }
    }

    private static (byte[] Body, int Length) WithoutMark((byte[] Body, int Length) read)
    {
        if (!read.Body.AsSpan(0, read.Length).StartsWith(ByteOrderMark))
            return read;

        var length = read.Length - ByteOrderMark.Length;
        read.Body.AsSpan(ByteOrderMark.Length, length).CopyTo(read.Body);
        return (read.Body, length);
    }

    private static string Cause(Exception? broken) => broken switch
    {
        NotSupportedException unasked => unasked.Message,
        InvalidDataException or InvalidOperationException => "its compression is broken",
        HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } => "the connection ended before the whole body was received",
        not null => $"the connection broke ({broken.GetBaseException().Message})",
        null => "it is too large",
    };
}
