using System.Text;

namespace BubbleSync.Simulator.Serving;

/// <summary>What is to be sent back.</summary>
internal sealed record Answer(int Status, string ContentType, ReadOnlyMemory<byte> Body, int? RetryAfterSeconds = null)
{
    public const string Json = "application/json; charset=utf-8";
    public const string Plain = "text/plain; charset=utf-8";
    public const string Html = "text/html; charset=utf-8";

    public static readonly Answer Nothing = new(204, "", default);

    public static Answer Of(int status, string contentType, string text, int? retryAfterSeconds = null) =>
        new(status, contentType, Encoding.UTF8.GetBytes(text), retryAfterSeconds);
}
