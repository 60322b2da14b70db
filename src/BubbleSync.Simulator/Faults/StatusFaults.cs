using BubbleSync.Simulator.Serving;

namespace BubbleSync.Simulator.Faults;

/// <summary>Answers that come instead of the right one.</summary>
internal static class StatusFaults
{
    private const string Page = "<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>We will be back shortly</h1></body></html>";

    /// <summary>The wrong answer to give now, if a fault strikes.</summary>
    public static Answer? Strike(FaultSettings faults, int retryAfterSeconds)
    {
        if (faults.Strikes("429"))
            return Answer.Of(429, Answer.Plain, "Too Many Requests", retryAfterSeconds);
        if (faults.Strikes("429-bare"))
            return Answer.Of(429, Answer.Plain, "Too Many Requests");
        if (faults.Strikes("408"))
            return Answer.Of(408, Answer.Plain, "Request Timeout");
        if (faults.Strikes("500"))
            return Answer.Of(500, Answer.Plain, "Internal Server Error");
        if (faults.Strikes("502"))
            return Answer.Of(502, Answer.Html, Page);
        if (faults.Strikes("503"))
            return Answer.Of(503, Answer.Plain, "App too busy");
        if (faults.Strikes("504"))
            return Answer.Of(504, Answer.Html, Page);

        return faults.Strikes("html") ? Answer.Of(200, Answer.Html, Page) : null;
    }
}
