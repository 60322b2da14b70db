using BubbleSync.Etl.Bubble.Throttling;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Microsoft.Extensions.Logging;

namespace BubbleSync.Etl.Bubble;

/// <summary>A client for one command, with the counts of its requests and the throttle that they share.</summary>
internal sealed class BubbleConnection : IDisposable
{
    /// <summary>Sets up the client; nothing is requested yet.</summary>
    /// <param name="settings">The app; its address must be set.</param>
    /// <param name="clock">The clock of pauses and time limits.</param>
    /// <param name="logger">Receives each answer and each retry.</param>
    /// <param name="handler">Sends the requests; null for the one that fits the settings. The caller disposes of it.</param>
    /// <param name="mostCalls">Requests that may be sent, or null for any number.</param>
    /// <param name="nextStep">What finishes the run if it has to stop.</param>
    /// <param name="drain">Asks the run to stop: longer waits end with it.</param>
    public BubbleConnection(
        BubbleSettings settings, TimeProvider clock, ILogger logger, HttpMessageHandler? handler, long? mostCalls = null, string nextStep = NextStep.Again,
        CancellationToken drain = default)
    {
        Meter = new ApiMeter(mostCalls, nextStep);
        Throttle = new Throttle(settings.MaxConcurrency, settings.RequestsPerMinute, clock, drain);
        Client = new BubbleClient(settings, Throttle, Meter, clock, logger, handler);
    }

    /// <summary>The counts of all its requests.</summary>
    public ApiMeter Meter { get; }

    /// <summary>The throttle of all its requests.</summary>
    public Throttle Throttle { get; }

    /// <summary>The client.</summary>
    public BubbleClient Client { get; }

    /// <inheritdoc/>
    public void Dispose() => Client.Dispose();
}
