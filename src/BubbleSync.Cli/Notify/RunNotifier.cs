using System.Net;
using System.Text;
using BubbleSync.Etl.Settings;
using static System.FormattableString;

namespace BubbleSync.Cli.Notify;

/// <summary>
/// Reports the start and the end of a command to a webhook and a health check service. A request that fails is tried again for some seconds, then it is a
/// warning; it never changes the command's result. The addresses are secrets: warnings name only the host.
/// </summary>
/// <param name="settings">The addresses.</param>
/// <param name="warn">Receives what could not be sent.</param>
/// <param name="http">Sends the requests; null for the usual client.</param>
/// <param name="pause">The time between two attempts; null for a second.</param>
internal sealed class RunNotifier(NotifySettings settings, Action<string> warn, HttpClient? http = null, TimeSpan? pause = null)
{
    private const int MostAttempts = 3;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    // A redirected POST would arrive without its body, and as a success.
    private static readonly HttpClient Usual = new(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        Timeout = Timeout,
        DefaultRequestHeaders = { { "User-Agent", "bubblesync" } },
    };

    private readonly HttpClient _http = http ?? Usual;
    private readonly TimeSpan _pause = pause ?? TimeSpan.FromSeconds(1);
    private Task _started = Task.CompletedTask;

    /// <summary>Reports the start, beside the command's work.</summary>
    public void Start()
    {
        if (settings.PingUrl is { } ping)
            _started = SendAsync(() => new HttpRequestMessage(HttpMethod.Get, Below(ping, "/start")));
    }

    /// <summary>Reports the end.</summary>
    public async Task EndAsync(RunNotice notice)
    {
        await _started;
        if (settings.PingUrl is { } ping)
            await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, Below(ping, notice.IsSuccess ? "" : "/fail")));
        if (settings.Url is not { } url || (settings.OnlyProblems && notice.IsSuccess))
            return;

        var receiver = new Uri(url);
        await SendAsync(() => new HttpRequestMessage(HttpMethod.Post, receiver)
        {
            Content = new StringContent(NoticeBody.Of(receiver, notice), Encoding.UTF8, "application/json"),
        });
    }

    private static Uri Below(string address, string suffix)
    {
        var uri = new UriBuilder(address);
        uri.Path = uri.Path.TrimEnd('/') + suffix;
        return uri.Uri;
    }

    private async Task SendAsync(Func<HttpRequestMessage> create)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (host, fault, isPassing) = await TryAsync(create);
            if (fault is null)
                return;

            if (attempt == MostAttempts || !isPassing)
            {
                warn(Invariant($"warning: the notice could not be sent to {host}: {fault}. The result of the command is the same."));
                return;
            }

            await Task.Delay(_pause, TimeProvider.System);
        }
    }

    private async Task<(string Host, string? Fault, bool IsPassing)> TryAsync(Func<HttpRequestMessage> create)
    {
        using var request = create();
        var host = request.RequestUri!.Host;
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var status = (int)response.StatusCode;
            return (host, response.IsSuccessStatusCode ? null : Invariant($"it answered with {status}"),
                status >= 500 || response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout);
        }
        catch (TaskCanceledException)
        {
            return (host, Invariant($"it did not answer within {Timeout.TotalSeconds} seconds"), true);
        }
        catch (HttpRequestException unsent)
        {
            return (host, unsent.HttpRequestError == HttpRequestError.Unknown ? "the connection failed" : $"{unsent.HttpRequestError}", true);
        }
    }
}
