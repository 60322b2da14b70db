using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Telemetry;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace BubbleSync.Etl.Bubble;

/// <summary>Asks the Data API: throttled, retried, timed out, with the token kept out of every message. The only place that knows HTTP.</summary>
internal sealed class BubbleClient : IDisposable
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private readonly BubbleSettings _settings;
    private readonly TimeProvider _clock;
    private readonly SocketsHttpHandler _handler;
    private readonly HttpClient _http;
    private readonly ApiMeter _meter;
    private readonly Throttle _throttle;
    private readonly BubbleAnswer _answer;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _retry;

    /// <summary>Makes a client for one application; <see cref="BubbleSettings.BaseUrl"/> must be set.</summary>
    public BubbleClient(BubbleSettings settings, Throttle throttle, ApiMeter meter, TimeProvider clock, ILogger logger)
    {
        (_settings, _throttle, _meter, _clock, _logger) = (settings, throttle, meter, clock, logger);
        _answer = new BubbleAnswer(settings, meter);
        _handler = Handler(settings);
        _http = new HttpClient(_handler)
        {
            BaseAddress = settings.BaseUrl,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("BubbleSync.Etl");
        _http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        if (_handler.AutomaticDecompression == DecompressionMethods.None)
            _http.DefaultRequestHeaders.AcceptEncoding.ParseAdd("identity");
        if (settings.ApiToken is { } token)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

        var retry = new ResiliencePipelineBuilder { TimeProvider = clock };
        if (settings.MaxAttempts > 1)
            retry.AddRetry(Retry(settings.MaxAttempts - 1));
        _retry = retry.AddCircuitBreaker(Breaker(Math.Max(20, settings.MaxConcurrency * 3))).Build();
    }

    /// <summary>Gives one page; the caller disposes of it.</summary>
    /// <param name="query">What to search for.</param>
    /// <param name="entity">The entity, for messages.</param>
    /// <param name="rank">Whose requests go first, where not all can: those of the lowest rank.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="SyncException">Bubble refused, or did not answer as it should in all attempts.</exception>
    public Task<RawPage> SearchAsync(BubbleQuery query, string entity, int rank, CancellationToken cancellationToken)
    {
        var address = query.Address();
        return AskAsync(address, entity, rank, (response, token) => _answer.ReadAsync(response, address, entity, token), cancellationToken);
    }

    /// <summary>Gives what the app says of itself at a path such as <c>meta</c>, or null where it keeps that to itself (404); the caller disposes of it.</summary>
    /// <exception cref="SyncException">Bubble refused, or did not answer as it should in all attempts.</exception>
    public Task<JsonDocument?> DescribeAsync(string path, CancellationToken cancellationToken) =>
        AskAsync(path, path, 0, (response, token) => _answer.DescriptionAsync(response, path, token), cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _handler.Dispose();
    }

    private async Task<T> AskAsync<T>(string address, string entity, int rank, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        var attempt = 0;
        try
        {
            return await _retry.ExecuteAsync(
                async token => await AttemptAsync(address, entity, rank, attempt++ > 0, read, token),
                cancellationToken);
        }
        catch (BrokenCircuitException open)
        {
            throw _answer.Failure(entity, "source-dead", $"has not given one good answer of late. {open.InnerException?.Message} Nothing more is asked. To finish, {_meter.NextStep} once Bubble answers again", isTransient: false, open);
        }
    }

    private async Task<T> AttemptAsync<T>(string address, string entity, int rank, bool isRetry, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.GetTimestamp();
        await _throttle.EnterAsync(rank, cancellationToken);
        Signals.ThrottleWait.Took(waited);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(_settings.TimeoutSeconds));
        try
        {
            _meter.Send(isRetry);
            Signals.Calls.Add(1, Signals.Tag("entity", entity), Signals.Tag("retry", isRetry));
            return await AskOnceAsync(address, entity, read, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw _answer.Failure(entity, "source-timeout", $"did not answer within {_settings.TimeoutSeconds} s (Bubble:TimeoutSeconds)", isTransient: true);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            var what = broken is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } http ? $"{http.HttpRequestError}: {http.Message}" : broken.Message;
            throw _answer.Failure(entity, "source-unreachable", $"cannot be reached ({what}). Check Bubble:BaseUrl and the network", isTransient: true, broken);
        }
        finally
        {
            _throttle.Leave();
        }
    }

    private async Task<T> AskOnceAsync<T>(string address, string entity, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        using var request = Signals.Begin("request", ("entity", entity));
        try
        {
            using var response = await _http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            request?.SetTag("http.response.status_code", (int)response.StatusCode);
            if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)
                SlowDown(response, entity);

            var answer = await read(response, cancellationToken);
            _throttle.Recover();
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
            Signals.CallDuration.Took(began, Signals.Tag("entity", entity));
        }
    }

    private void SlowDown(HttpResponseMessage response, string entity)
    {
        _meter.Throttled();
        Signals.Throttled.Add(1);
        _throttle.SlowDown(RetryAfter(response));
        _logger.SlowedDown(entity, (int)response.StatusCode, Math.Round(_throttle.AllowedPerMinute));
    }

    private static SocketsHttpHandler Handler(BubbleSettings settings) => new()
    {
        // Between programs of one machine, compressing costs more than it saves.
        AutomaticDecompression = settings.BaseUrl!.IsLoopback ? DecompressionMethods.None : DecompressionMethods.All,
        // A redirect would take the token somewhere else; it is refused with the place to go to.
        AllowAutoRedirect = false,
        MaxConnectionsPerServer = settings.MaxConcurrency,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,
    };

    private RetryStrategyOptions Retry(int attempts) => new()
    {
        OnRetry = retried =>
        {
            var failure = ((SyncException)retried.Outcome.Exception!).Errors[0];
            _logger.Retried(failure.Entity ?? "", retried.AttemptNumber + 1, (long)retried.RetryDelay.TotalMilliseconds, failure.Message);
            return default;
        },
        MaxRetryAttempts = attempts,
        ShouldHandle = static outcome => ValueTask.FromResult(outcome.Outcome.Exception is SyncException { IsTransient: true }),
        Delay = TimeSpan.FromMilliseconds(500),
        MaxDelay = LongestDelay,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
    };

    // A source that answers nothing but failures is dead: waiting out every request's attempts would take the better part of an hour.
    // Being throttled is an answer, so 429 and 503 do not count.
    private static CircuitBreakerStrategyOptions Breaker(int failures) => new()
    {
        ShouldHandle = static outcome => ValueTask.FromResult(outcome.Outcome.Exception is SyncException { IsTransient: true } failure && failure.Errors[0].Code != BubbleAnswer.Throttled),
        FailureRatio = 1,
        MinimumThroughput = failures,
        SamplingDuration = TimeSpan.FromSeconds(30),
        BreakDuration = TimeSpan.FromMinutes(5),
    };

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        // A date is on the server's clock, which its own Date header tells.
        { Date: { } date } when date > (response.Headers.Date ?? _clock.GetUtcNow()) => date - (response.Headers.Date ?? _clock.GetUtcNow()),
        _ => null,
    };
}
