using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BubbleSync.Etl.Settings;
using Polly;
using Polly.Retry;
using static System.FormattableString;

namespace BubbleSync.Server.Webhooks;

/// <summary>
/// Sends a notice as one POST. What fails in passing is sent again, up to five times. With a key, the header <c>X-Bubblesync-Signature: t=TIME,v1=HEX</c> holds
/// the HMAC with SHA-256 of <c>TIME.BODY</c>. The address is a secret: messages name only its host.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    /// <summary>The header of the signature.</summary>
    public const string SignatureHeader = "X-Bubblesync-Signature";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    // A redirected POST would arrive without its body, and as a success.
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = Timeout,
        DefaultRequestHeaders = { { "User-Agent", "bubblesync-server" } },
    };

    private readonly ResiliencePipeline<HttpStatusCode> _retry;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;

    /// <summary>Makes it.</summary>
    public WebhookSender(TimeProvider clock, ILogger<WebhookSender> logger, TimeSpan? pause = null)
    {
        (_clock, _logger) = (clock, logger);
        _retry = new ResiliencePipelineBuilder<HttpStatusCode> { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<HttpStatusCode>
            {
                MaxRetryAttempts = 5,
                Delay = pause ?? TimeSpan.FromSeconds(2),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = new PredicateBuilder<HttpStatusCode>()
                    .Handle<HttpRequestException>().Handle<TaskCanceledException>(late => late.InnerException is TimeoutException)
                    .HandleResult(status => (int)status >= 500 || status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout),
            })
            .Build();
    }

    /// <summary>Sends it where the settings say; a notice that cannot be sent is a warning in the log.</summary>
    public async Task SendAsync(ServerSettings settings, WebhookNotice notice, CancellationToken cancellationToken)
    {
        if (settings.Webhook is not { } webhook)
            return;

        var address = new Uri(webhook);
        var body = JsonSerializer.Serialize(notice, NoticeJson.Default.WebhookNotice);
        try
        {
            var status = await _retry.ExecuteAsync(async token => await PostAsync(address, body, settings.WebhookKey, token), cancellationToken);
            if ((int)status >= 300)
                Warn(Invariant($"it answered with {(int)status}"));
        }
        catch (HttpRequestException unsent)
        {
            Warn(unsent.HttpRequestError == HttpRequestError.Unknown ? "the connection failed" : $"{unsent.HttpRequestError}");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Warn(Invariant($"it did not answer within {Timeout.TotalSeconds} seconds"));
        }

        void Warn(string why) => _logger.NotSent(notice.App, address.Host, why);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>The signature of a body that is sent at a moment.</summary>
    public static string Sign(string key, DateTimeOffset at, string body)
    {
        var time = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var hash = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{time}.{body}"));
        return $"t={time},v1={Convert.ToHexStringLower(hash)}";
    }

    private async Task<HttpStatusCode> PostAsync(Uri address, string body, string? key, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null)
            request.Headers.Add(SignatureHeader, Sign(key, _clock.GetUtcNow(), body));
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return response.StatusCode;
    }
}
