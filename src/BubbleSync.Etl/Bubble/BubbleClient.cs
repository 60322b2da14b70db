using System.Collections.Concurrent;
using System.Text.Json;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Telemetry;
using Microsoft.Extensions.Logging;

namespace BubbleSync.Etl.Bubble;

/// <summary>Asks the Data API, and asks again what fails for a time, for as long as attempts and patience last.</summary>
internal sealed class BubbleClient : IDisposable
{
    private static readonly TimeSpan ContradictionPause = TimeSpan.FromMilliseconds(200);

    private readonly BubbleSettings _settings;
    private readonly TimeProvider _clock;
    private readonly ApiMeter _meter;
    private readonly Throttle _throttle;
    private readonly BubbleAnswer _answer;
    private readonly RequestSender _sender;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, long> _lowestCeilings = [];

    /// <summary>Makes a client for one application; <see cref="BubbleSettings.BaseUrl"/> must be set.</summary>
    /// <param name="settings">The application and how hard it may be asked.</param>
    /// <param name="throttle">The gate that all requests of the run pass.</param>
    /// <param name="meter">Counts the requests.</param>
    /// <param name="clock">The clock of pauses and time-outs.</param>
    /// <param name="logger">Receives answers, retries and waits.</param>
    /// <param name="handler">Sends the requests instead of what <see cref="RequestSender.CreateHandler"/> makes; the client disposes of it.</param>
    public BubbleClient(BubbleSettings settings, Throttle throttle, ApiMeter meter, TimeProvider clock, ILogger logger, HttpMessageHandler? handler = null)
    {
        (_settings, _throttle, _meter, _clock, _logger) = (settings, throttle, meter, clock, logger);
        _answer = new BubbleAnswer(settings, meter);
        _sender = new RequestSender(settings, _answer, throttle, meter, clock, logger, handler);
    }

    /// <summary>
    /// How far Bubble's clock is ahead of ours, less than zero where it is behind: the least that a Date header showed; null where none came.
    /// </summary>
    public TimeSpan? ClockOffset => _sender.ClockOffset;

    /// <summary>Gives one page; the caller disposes of it.</summary>
    /// <param name="query">What to search for.</param>
    /// <param name="entity">The entity, for messages.</param>
    /// <param name="rank">Whose requests go first, where not all can: those of the lowest rank.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="SyncException">Bubble refused, or did not answer as it should for longer than attempts and patience last.</exception>
    public async Task<RawPage> SearchAsync(BubbleQuery query, string entity, int rank, CancellationToken cancellationToken)
    {
        Task<RawPage> ReadAsync(HttpResponseMessage response, CancellationToken token) => _answer.PageAsync(response, query, entity, token);

        for (var attempt = 1; ; attempt++)
        {
            var page = await AskAsync(query.Address(), entity, rank, attempt > 1, ReadAsync, cancellationToken);
            if (!page.IsEmptyThoughRowsRemain || IsSettled(query.Type, query.Cursor, attempt))
                return page;

            page.Dispose();
            await Task.Delay(ContradictionPause, _clock, cancellationToken);
        }
    }

    /// <summary>
    /// Returns what the app says of itself at a path such as <c>meta</c>, or null where it keeps that to itself (404);
    /// the caller disposes of it. Nothing depends on it, so that a server that fails here, and only here, is asked no longer than the attempts last;
    /// one that refuses for a time is waited for.
    /// </summary>
    /// <exception cref="SyncException">Bubble refused, or did not answer as it should.</exception>
    public Task<JsonDocument?> DescribeAsync(string path, CancellationToken cancellationToken) =>
        AskAsync(path, path, 0, isRepeat: false, (response, token) => _answer.DescriptionAsync(response, path, token), cancellationToken, isOptional: true);

    /// <inheritdoc/>
    public void Dispose() => _sender.Dispose();

    // An empty page before rows that remain is how Bubble answers beyond its offset ceiling, which may be lower than the settings say. What stays empty is
    // handed on, for the planner and the verification of the window to judge, and from there on such pages are not asked for again.
    private bool IsSettled(string type, long cursor, int attempt)
    {
        if (cursor >= _lowestCeilings.GetValueOrDefault(type, _settings.OffsetCeiling))
            return true;

        if (attempt < _settings.MaxAttempts)
            return false;

        _lowestCeilings.AddOrUpdate(type, cursor, (_, lowest) => Math.Min(lowest, cursor));
        return true;
    }

    private async Task<T> AskAsync<T>(
        string address, string entity, int rank, bool isRepeat, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken,
        bool isOptional = false)
    {
        long? failing = null;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await _sender.AskAsync(address, entity, rank, isRepeat || attempt > 1, read, cancellationToken);
            }
            catch (SyncException failure) when (failure.IsTransient && failure.Errors[0].Code != BubbleAnswer.WaitTooLong)
            {
                failing ??= _clock.GetTimestamp();
                // In an outage requests take turns at asking: the failed attempts of the others count too.
                var attempts = Math.Max(attempt, _throttle.OutageRound);
                var (own, all) = (_clock.GetElapsedTime(failing.Value), _throttle.OutageLasted);
                var isDispensable = isOptional && failure.Errors[0].Code != BubbleAnswer.Throttled;
                if (attempts >= _settings.MaxAttempts && (isDispensable || IsPatienceOver(own > all ? own : all)))
                    throw GivenUp(failure, attempts, own > all ? own : all);

                await PauseAsync(failure.Errors[0], attempt, cancellationToken);
            }
        }
    }

    // An address that has never answered is most likely a wrong one: then attempts alone decide, so that it ends in seconds.
    private bool IsPatienceOver(TimeSpan lasted) => !_sender.HasAnswered || lasted >= TimeSpan.FromSeconds(_settings.PatienceSeconds);

    // While the gate is closed, it alone says when the next request goes out.
    private async Task PauseAsync(SyncError failure, int attempt, CancellationToken cancellationToken)
    {
        var pause = _throttle.OutageRound > 0 ? TimeSpan.Zero : Backoff.Of(attempt);
        _logger.Retried(failure.Entity ?? "", attempt, (long)pause.TotalMilliseconds, failure.Message);
        if (pause > Throttle.ReportedWait)
            _logger.Waits($"{failure.Entity}: attempt {attempt} failed; the request is sent again at {_clock.GetUtcNow() + pause:HH:mm:ss}Z");
        await Task.Delay(pause, _clock, cancellationToken);
    }

    private SyncException GivenUp(SyncException failure, int attempts, TimeSpan lasted)
    {
        var failed = $"{attempts} attempt{(attempts == 1 ? "" : "s")} failed";
        var why = _sender.HasAnswered
            ? $"{failed} within {lasted.TotalSeconds:0} s: Bubble:MaxAttempts ({_settings.MaxAttempts}) "
                + $"and Bubble:PatienceSeconds ({_settings.PatienceSeconds}) are over"
            : $"{failed}, and this address has never answered in this run";
        var error = failure.Errors[0];
        var message = $"{error.Message} {why}. To finish, {_meter.NextStep} once Bubble answers again.";
        return new SyncException(error with { Message = message }, failure) { IsTransient = true };
    }
}
