using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using BubbleSync.Etl.Bubble.Throttling;
using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using Microsoft.Extensions.Logging;
using static System.FormattableString;

namespace BubbleSync.Etl.Bubble;

/// <summary>Sends one request: throttled, with a time limit, counted, and no token in any message. Reports the result to the throttle.</summary>
internal sealed class RequestSender : IDisposable
{
    // Retry-After counts whole seconds.
    private static readonly TimeSpan RetryAfterGrain = TimeSpan.FromSeconds(1);

    private readonly BubbleSettings _settings;
    private readonly BubbleAnswer _answer;
    private readonly Throttle _throttle;
    private readonly ApiMeter _meter;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly HttpClient _http;
    private readonly Lock _lock = new();
    private TimeSpan? _clockOffset;
    private volatile bool _hasAnswered;

    /// <summary>Sets the connection up; nothing is sent yet.</summary>
    public RequestSender(
        BubbleSettings settings, BubbleAnswer answer, Throttle throttle, ApiMeter meter, TimeProvider clock, ILogger logger, HttpMessageHandler? handler)
    {
        (_settings, _answer, _throttle, _meter, _clock, _logger) = (settings, answer, throttle, meter, clock, logger);
#pragma warning disable CA2000 // The HttpClient disposes of it.
        _http = new HttpClient(handler ?? CreateHandler(settings), disposeHandler: handler is null)
#pragma warning restore CA2000
        {
            BaseAddress = settings.BaseUrl,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("BubbleSync.Etl");
        _http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        if (Compression(settings) == DecompressionMethods.None)
            _http.DefaultRequestHeaders.AcceptEncoding.ParseAdd("identity");
        if (settings.ApiToken is { } token)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Whether any answer was received, refusals included.</summary>
    public bool HasAnswered => _hasAnswered;

    /// <summary>How far Bubble's clock is ahead of ours: the least that an answer's Date showed, or null where none had one.</summary>
    public TimeSpan? ClockOffset
    {
        get
        {
            lock (_lock)
                return _clockOffset;
        }
    }

    private string Host => _settings.BaseUrl!.Authority;

    /// <summary>Creates the handler that sends the requests.</summary>
    public static SocketsHttpHandler CreateHandler(BubbleSettings settings) => new()
    {
        AutomaticDecompression = Compression(settings),
        // A redirect would send the token to another address; it is refused, and the error names that address.
        AllowAutoRedirect = false,
        MaxConnectionsPerServer = settings.MaxConcurrency,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,
        PlaintextStreamFilter = (context, _) => ValueTask.FromResult<Stream>(new SendOnceStream(context.PlaintextStream)),
    };

    /// <summary>Waits for the request's turn, sends it and reads the answer.</summary>
    /// <exception cref="SyncException">Bubble did not answer as it should.</exception>
    public async Task<T> AskAsync<T>(
        string address, string entity, int rank, bool isRetry, ReadAnswer<T> read, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.GetTimestamp();
        var turn = await _throttle.EnterAsync(rank, cancellationToken);
        EtlDiagnostics.ThrottleWait.Took(waited);
        using var limit = new AttemptLimit(TimeSpan.FromSeconds(_settings.TimeoutSeconds), _clock, cancellationToken);
        try
        {
            _meter.Send(isRetry);
            EtlDiagnostics.Calls.Count(1, EtlDiagnostics.Tag("entity", entity), EtlDiagnostics.Tag("retry", isRetry));
            var answer = await SendAsync(address, entity, read, limit, cancellationToken);
            _throttle.Recover();
            return answer;
        }
        catch (SyncException failure) when (failure.IsTransient)
        {
            if (_throttle.Fail(turn) is { } until)
                _logger.Waits(Invariant($"Bubble ({Host}) does not answer as it should; the next request is sent at {until:HH:mm:ss}Z"));
            throw;
        }
        finally
        {
            _throttle.Leave(turn);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<T> SendAsync<T>(
        string address, string entity, ReadAnswer<T> read, AttemptLimit limit, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        using var request = EtlDiagnostics.Begin("request", ("entity", entity));
        try
        {
            using var response = await HeadersAsync(address, entity, limit.Token, cancellationToken);
            request?.SetTag("http.response.status_code", (int)response.StatusCode);
            Note(response, entity);
            var answer = await BodyAsync(response, entity, read, limit, cancellationToken);
            _logger.Answered(entity, (int)response.StatusCode, (long)Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            return answer;
        }
        catch (Exception failure)
        {
            request.Fail(failure.GetType().Name);
            throw;
        }
        finally
        {
            EtlDiagnostics.CallDuration.Took(began, EtlDiagnostics.Tag("entity", entity));
        }
    }

    private async Task<HttpResponseMessage> HeadersAsync(string address, string entity, CancellationToken limit, CancellationToken cancellationToken)
    {
        try
        {
            return await _http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, limit);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw TimedOut(entity, "did not answer");
        }
        catch (HttpRequestException ended) when (ended.HttpRequestError == HttpRequestError.ResponseEnded)
        {
            throw _answer.Failure(entity, ErrorCode.SourceUnreachable, "closed the connection without an answer", isTransient: true, ended);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            throw _answer.Failure(entity, ErrorCode.SourceUnreachable, Unreachable(broken), isTransient: true, broken);
        }
    }

    private async Task<T> BodyAsync<T>(
        HttpResponseMessage response, string entity, ReadAnswer<T> read, AttemptLimit limit, CancellationToken cancellationToken)
    {
        try
        {
            return await read(response, limit);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            if (response.StatusCode == HttpStatusCode.OK)
                throw TimedOut(entity, "answered 200, but its body was not received");
            // The status decides, even if the body is lost.
            throw _answer.RefusalWithoutBody(response, entity);
        }
        catch (SyncException throttled) when (response.StatusCode == HttpStatusCode.OK && throttled.Errors[0].Code == ErrorCode.SourceThrottled)
        {
            // Some errors of Bubble come with 200 and have their status inside.
            SlowDown((int)HttpStatusCode.TooManyRequests, RetryAfter(response), entity);
            throw;
        }
        catch (SyncException refused) when (!refused.IsTransient)
        {
            _throttle.Answered();
            throw;
        }
    }

    private SyncException TimedOut(string entity, string what) =>
        _answer.Failure(entity, ErrorCode.SourceTimeout, Invariant($"{what} within {_settings.TimeoutSeconds} s (Bubble:TimeoutSeconds)"), isTransient: true);

    private void Note(HttpResponseMessage response, string entity)
    {
        _hasAnswered = true;
        if (response.Headers.Date - _clock.GetUtcNow() is { } offset)
        {
            lock (_lock)
                _clockOffset = offset < _clockOffset ? offset : _clockOffset ?? offset;
        }

        if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)
            SlowDown((int)response.StatusCode, RetryAfter(response), entity);
    }

    private void SlowDown(int status, TimeSpan? wait, string entity)
    {
        _meter.Throttled();
        EtlDiagnostics.Throttled.Count(1);
        var left = TimeSpan.FromSeconds(_settings.PatienceSeconds) - _throttle.OutageLasted;
        if (wait > left + RetryAfterGrain)
            throw _answer.Failure(entity, ErrorCode.SourceWaitTooLong, TooLong(status, wait.Value, left), isTransient: true);

        var until = _throttle.SlowDown(wait);
        _logger.SlowedDown(entity, status, Math.Round(_throttle.AllowedPerMinute));
        if (until is { } end)
            _logger.Waits(Invariant($"Bubble ({Host}) asks to wait {wait!.Value.TotalSeconds:0} s, until {end:HH:mm:ss}Z"));
    }

    private string TooLong(int status, TimeSpan wait, TimeSpan left)
    {
        var until = UtcText.Of(_clock.GetUtcNow() + wait);
        return Invariant($"asks to wait {wait.TotalSeconds:0} s, until {until} ({status} with Retry-After), ")
            + Invariant($"but the command waits for {Math.Max(0, left.TotalSeconds):0} s more at most (Bubble:PatienceSeconds {_settings.PatienceSeconds}). ")
            + $"To finish, {_meter.NextStep} after {until}";
    }

    // Between programs of one machine, compressing costs more than it saves.
    // The framework's own words end in "see inner exception".
    private static string Unreachable(Exception broken)
    {
        var inner = broken;
        while (inner.InnerException is { } next)
            inner = next;
        var said = inner.Message.TrimEnd('.');
        return broken is HttpRequestException { HttpRequestError: var error and not HttpRequestError.Unknown }
            ? error == HttpRequestError.SecureConnectionError
                ? $"cannot be reached (the TLS handshake failed: {said}). Check that the server speaks TLS on this port, and that its certificate "
                    + "is valid, for "
                    + "this host, and from an authority that this machine trusts (SSL_CERT_FILE)"
                : $"cannot be reached ({error}: {said}). Check Bubble:BaseUrl and the network"
            : $"cannot be reached ({said}). Check Bubble:BaseUrl and the network";
    }

    private static DecompressionMethods Compression(BubbleSettings settings) =>
        settings.BaseUrl!.IsLoopback ? DecompressionMethods.None : DecompressionMethods.All;

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        // A date is on the server's clock; the Date header shows that clock.
        { Date: { } date } when date > (response.Headers.Date ?? _clock.GetUtcNow()) => date - (response.Headers.Date ?? _clock.GetUtcNow()),
        _ => null,
    };
}
