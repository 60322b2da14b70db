using System.Collections.Concurrent;
using System.Text.Json;
using BubbleSync.Etl.Bubble.Throttling;
using BubbleSync.Etl.Diagnostics;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Settings.Reading;
using BubbleSync.Etl.Words;
using Microsoft.Extensions.Logging;
using static System.FormattableString;

namespace BubbleSync.Etl.Bubble;

/// <summary>Sends requests to the Data API and repeats those that fail temporarily, as long as attempts and patience last.</summary>
internal sealed class BubbleClient : IDisposable
{
    private const int LeastPageBytes = 1024 * 1024;

    private static readonly TimeSpan ContradictionPause = TimeSpan.FromMilliseconds(200);

    private readonly BubbleSettings _settings;
    private readonly TimeProvider _clock;
    private readonly ApiMeter _meter;
    private readonly Throttle _throttle;
    private readonly BubbleAnswer _answer;
    private readonly RequestSender _sender;
    private readonly RecordSizes _sizes;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, long> _lowestCeilings = [];

    /// <summary>Makes a client for one application; <see cref="BubbleSettings.BaseUrl"/> must be set.</summary>
    /// <param name="settings">The application and the limits of its requests.</param>
    /// <param name="throttle">The gate that all requests of the run pass.</param>
    /// <param name="meter">Counts the requests.</param>
    /// <param name="clock">The clock of pauses and time-outs.</param>
    /// <param name="logger">Receives answers, retries and waits.</param>
    /// <param name="handler">Sends the requests instead of what <see cref="RequestSender.CreateHandler"/> makes; the caller disposes of it.</param>
    public BubbleClient(BubbleSettings settings, Throttle throttle, ApiMeter meter, TimeProvider clock, ILogger logger, HttpMessageHandler? handler = null)
    {
        settings = TokenFile.Resolve(settings);
        (_settings, _throttle, _meter, _clock, _logger) = (settings, throttle, meter, clock, logger);
        _answer = new BubbleAnswer(settings, meter);
        // The budget has room for one large page per request in flight.
        _sizes = new RecordSizes(Math.Max(LeastPageBytes, settings.MaxBytesInFlight / settings.MaxConcurrency));
        Budget = new ByteBudget(settings.MaxBytesInFlight);
        _sender = new RequestSender(settings, _answer, throttle, meter, clock, logger, handler);
    }

    /// <summary>The bytes of pages that are read and not yet disposed of.</summary>
    public ByteBudget Budget { get; }

    /// <summary>
    /// How far Bubble's clock is ahead of ours, less than zero where it is behind: the least that a Date header showed; null where none came.
    /// </summary>
    public TimeSpan? ClockOffset => _sender.ClockOffset;

    /// <summary>
    /// Returns one page; the caller disposes of it. Where records are large, the page has fewer than asked for, so that it takes no more than its share of
    /// memory.
    /// Never keep a page and wait for another: the other may wait for the bytes of the first.
    /// </summary>
    /// <param name="query">What to search for.</param>
    /// <param name="entity">The entity, for messages.</param>
    /// <param name="rank">The priority of requests: those of the lowest rank are sent first.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="SyncException">Bubble refused, or did not answer as it should for longer than attempts and patience last.</exception>
    public async Task<RawPage> SearchAsync(BubbleQuery query, string entity, int rank, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var isRepeat = attempt > 1;
            var page = await AskAsync(isOptional: false, isRetry => SendAsync(query, entity, rank, isRepeat || isRetry, cancellationToken), cancellationToken);
            if (!page.IsEmptyThoughRowsRemain || IsSettled(query.Type, query.Cursor, attempt))
                return page;

            page.Dispose();
            await Task.Delay(ContradictionPause, _clock, cancellationToken);
        }
    }

    /// <summary>
    /// Returns the app's description at a path such as <c>meta</c>, or null where the app does not publish it (404); the caller disposes of it. A run can do
    /// without it: a server that fails only here is asked no longer than the attempts last. A server that asks to slow down is waited for.
    /// </summary>
    /// <exception cref="SyncException">Bubble refused, or did not answer as it should.</exception>
    public Task<JsonDocument?> DescribeAsync(string path, CancellationToken cancellationToken) =>
        AskAsync(
            isOptional: true,
            isRetry => _sender.AskAsync(path, path, 0, isRetry, (response, limit) => _answer.DescriptionAsync(response, path, limit), cancellationToken),
            cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _sender.Dispose();

    private async Task<RawPage> SendAsync(BubbleQuery query, string entity, int rank, bool isRetry, CancellationToken cancellationToken)
    {
        var expected = _sizes.Expected(query.Type, _sizes.Limit(query.Type, query.Limit));
#pragma warning disable CA2000 // The page takes it over.
        var reserved = await Budget.ReserveAsync(expected, cancellationToken);
#pragma warning restore CA2000
        // Pages that came meanwhile may have shown that records are large.
        query = query with { Limit = _sizes.Limit(query.Type, query.Limit) };
        try
        {
            var page = await _sender.AskAsync(
                query.Address(), entity, rank, isRetry, (response, limit) => _answer.PageAsync(response, query, entity, reserved, limit), cancellationToken);
            _sizes.Add(query.Type, page.Count, page.Length);
            return page;
        }
        catch
        {
            // A body larger than expected: the next attempt first reserves that much memory.
            _sizes.Add(query.Type, query.Limit, (int)Math.Min(reserved.Bytes, int.MaxValue));
            reserved.Dispose();
            throw;
        }
    }

    // Beyond its offset ceiling Bubble answers with an empty page although rows remain. The ceiling may be lower than the settings say. A page that stays empty
    // is returned: the planner and the verification of the window judge it. From then on such pages are not requested again.
    private bool IsSettled(string type, long cursor, int attempt)
    {
        if (cursor >= _lowestCeilings.GetValueOrDefault(type, _settings.OffsetCeiling))
            return true;

        if (attempt < _settings.MaxAttempts)
            return false;

        _lowestCeilings.AddOrUpdate(type, cursor, (_, lowest) => Math.Min(lowest, cursor));
        return true;
    }

    private async Task<T> AskAsync<T>(bool isOptional, Func<bool, Task<T>> send, CancellationToken cancellationToken)
    {
        long? failing = null;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await send(attempt > 1);
            }
            catch (SyncException failure) when (failure.IsTransient && failure.Errors[0].Code != ErrorCode.SourceWaitTooLong)
            {
                failing ??= _clock.GetTimestamp();
                // In an outage one request at a time is sent: the failed attempts of the others count too.
                var attempts = Math.Max(attempt, _throttle.OutageRound);
                var (own, all) = (_clock.GetElapsedTime(failing.Value), _throttle.OutageLasted);
                var isDispensable = isOptional && failure.Errors[0].Code != ErrorCode.SourceThrottled;
                if (attempts >= _settings.MaxAttempts && isDispensable)
                    throw;
                if (attempts >= _settings.MaxAttempts && IsPatienceOver(own > all ? own : all))
                    throw GivenUp(failure, attempts, own > all ? own : all);

                await PauseAsync(failure.Errors[0], attempt, cancellationToken);
            }
        }
    }

    // An address that has never answered is probably wrong. Then the attempts alone decide, and the run ends in seconds.
    private bool IsPatienceOver(TimeSpan lasted) => !_sender.HasAnswered || lasted >= TimeSpan.FromSeconds(_settings.PatienceSeconds);

    // While the gate is closed, it alone decides when the next request is sent.
    private async Task PauseAsync(SyncError failure, int attempt, CancellationToken cancellationToken)
    {
        var pause = _throttle.OutageRound > 0 ? TimeSpan.Zero : Backoff.Of(attempt);
        _logger.Retried(failure.Entity ?? "", attempt, (long)pause.TotalMilliseconds, failure.Message);
        if (pause > Throttle.ReportedWait)
            _logger.Waits(Invariant($"{failure.Entity}: attempt {attempt} failed; the request is sent again at {_clock.GetUtcNow() + pause:HH:mm:ss}Z"));
        await _throttle.PauseAsync(pause, cancellationToken);
    }

    private SyncException GivenUp(SyncException failure, int attempts, TimeSpan lasted)
    {
        var failed = Invariant($"{attempts} attempt{(attempts == 1 ? "" : "s")} failed");
        var why = _sender.HasAnswered
            ? Invariant($"{failed} within {lasted.TotalSeconds:0} s: Bubble:MaxAttempts ({_settings.MaxAttempts}) ")
                + Invariant($"and Bubble:PatienceSeconds ({_settings.PatienceSeconds}) are used up")
            : $"{failed}, and this address has never answered in this run";
        var error = failure.Errors[0];
        var message = $"{error.Message} {why}. To finish, {_meter.NextStep} once Bubble answers again.";
        return new SyncException(error with { Message = message }, failure) { IsTransient = true };
    }
}
