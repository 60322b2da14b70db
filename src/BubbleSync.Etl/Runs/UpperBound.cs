using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Etl.Runs;

/// <summary>
/// The moment up to which a run that begins now reads: on the earliest of this program's, the database's and Bubble's clock, even if they differ.
/// </summary>
/// <param name="At">The moment, on a whole millisecond.</param>
/// <param name="Warning">Which clock is behind, if they differ by more than a minute; else null.</param>
internal sealed record UpperBound(DateTimeOffset At, string? Warning)
{
    // For writes that take a moment to appear in searches.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MostSkew = TimeSpan.FromMinutes(1);

    /// <summary>Reads the clocks: the database's by a query, Bubble's from the answers that the client has received so far.</summary>
    public static async Task<UpperBound> FixAsync(BubbleClient client, TargetDatabase database, TimeProvider clock, CancellationToken cancellationToken)
    {
        var stored = await database.ReadClockAsync(cancellationToken);
        var now = clock.GetUtcNow();
        return Of(now, stored, now + client.ClockOffset);
    }

    /// <summary>Returns the bound of three clocks.</summary>
    /// <param name="program">This program's.</param>
    /// <param name="database">The database's.</param>
    /// <param name="bubble">Bubble's, or null if no answer showed it.</param>
    public static UpperBound Of(DateTimeOffset program, DateTimeOffset database, DateTimeOffset? bubble)
    {
        List<(string Name, DateTimeOffset Time)> clocks = [("this machine", program), ("PostgreSQL", database)];
        if (bubble is { } time)
            clocks.Add(("Bubble", time));

        var (first, last) = (clocks.MinBy(c => c.Time), clocks.MaxBy(c => c.Time));
        var shown = string.Join(", ", clocks.Select(c => $"{c.Name} has {UtcText.Of(c.Time)}"));
        var warning = last.Time - first.Time > MostSkew
            ? $"The clocks differ by more than a minute: {shown}. The run uses the earliest, that of {first.Name}, so that no record is lost. "
                + "Correct the clock that is wrong."
            : null;
        return new UpperBound(Millisecond.Floor(first.Time - Margin), warning);
    }
}
