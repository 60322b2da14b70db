using System.IO.Compression;
using Microsoft.AspNetCore.Http;

namespace BubbleSync.Simulator.Serving;

/// <summary>Compresses a body in a way that the client accepts, at the cheapest level.</summary>
internal static class Compression
{
    private const int NotWorthIt = 1024;

    /// <summary>The name of the encoding and the compressed body, or null to send it as it is.</summary>
    public static (string Encoding, ReadOnlyMemory<byte> Body)? Apply(HttpRequest request, ReadOnlyMemory<byte> body)
    {
        var accepted = request.Headers.AcceptEncoding.ToString();
        if (body.Length < NotWorthIt)
            return null;
        if (accepted.Contains("br", StringComparison.Ordinal))
            return ("br", Brotli(body.Span));

        return accepted.Contains("gzip", StringComparison.Ordinal) ? ("gzip", GZip(body.Span)) : null;
    }

    private static ReadOnlyMemory<byte> Brotli(ReadOnlySpan<byte> body)
    {
        var compressed = new byte[BrotliEncoder.GetMaxCompressedLength(body.Length)];
        BrotliEncoder.TryCompress(body, compressed, out var length, quality: 1, window: 18);
        return compressed.AsMemory(0, length);
    }

    private static ReadOnlyMemory<byte> GZip(ReadOnlySpan<byte> body)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(body);
        return compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
    }
}
