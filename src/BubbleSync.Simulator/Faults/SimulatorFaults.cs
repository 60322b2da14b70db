namespace BubbleSync.Simulator;

/// <summary>Everything that the simulator can do wrong, for <c>--fault name[=argument]</c>.</summary>
public static class SimulatorFaults
{
    /// <summary>All faults, in the order in which help lists them.</summary>
    public static IReadOnlyList<FaultKind> All { get; } =
    [
        Percent("429", "Too many requests, with Retry-After", "5"),
        Percent("429-bare", "Too many requests, without Retry-After", "5"),
        Percent("408", "Request timed out", "5"),
        Percent("500", "Internal error, plain text", "5"),
        Percent("502", "Bad gateway, an HTML page", "5"),
        Percent("503", "App too busy, without Retry-After", "5"),
        Percent("504", "Gateway timed out, an HTML page", "5"),
        Percent("reset", "Connection reset in the middle of an answer", "5"),
        Percent("truncated", "Valid HTTP, but truncated JSON", "5"),
        Percent("truncated-http", "Connection closed before all announced bytes were sent", "5"),
        Percent("html", "An HTML page with status 200", "5"),
        Percent("contradicts", "A page without records, although some remain", "5"),
        Percent("stall", "The request never gets an answer", "1"),
        Percent("drip", "The answer comes in small pieces, with pauses", "5"),
        Number("limit-cap", "The page limit is lowered to this number without an error", "50"),
        Percent("constraints-ignored", "Constraints are ignored without an error, as for a token that is not an admin token", "100"),
        Switch("unstable-ties", "Rows with equal sort keys change their order, unless _id is a sort key too"),
        Switch("remaining-absent", "No 'remaining' in list answers"),
        Percent("remaining-wrong", "'remaining' is 0 or too large", "100"),
        Number("undated", "N extra records without Created Date", "3"),
        Number("dense", "N extra records of one millisecond", "300"),
        Number("ceiling", "No row beyond this offset", "50000"),
        Switch("list-200", "Lists are cut to 200 items"),
        Percent("duplicates", "Pages begin with the last row of the page before, as after an insert", "10"),
        Number("twins", "N records appear twice, and are counted twice", "2"),
        new("types-not-exposed", "These types answer 404", FaultArgument.Types, "*"),
        new("empty", "These types have no rows", FaultArgument.Types, "*"),
        new("churn", "Records are inserted, edited, deleted before these percents of pages", FaultArgument.Rates, "10,10,10"),
        Switch("id-keys", "Fields have their database ids instead of their display names"),
        Number("bad-records", "N extra records that do not convert, lack a valid _id, or contain invalid text", "5"),
    ];

    private static FaultKind Percent(string name, string description, string argument) => new(name, description, FaultArgument.Percent, argument);

    private static FaultKind Number(string name, string description, string argument) => new(name, description, FaultArgument.Number, argument);

    private static FaultKind Switch(string name, string description) => new(name, description, FaultArgument.None, "");
}
