using System.Text.Json.Serialization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Messages;

/// <summary>One attempt to read a window. Its pages and its end travel separately and may overtake each other.</summary>
internal sealed class WindowReading(Window window, int attempt)
{
    /// <summary>What is read.</summary>
    public Window Window { get; private set; } = window;

    /// <summary>1 for the first reading.</summary>
    public int Attempt { get; } = attempt;

    /// <summary>Sets the first moment outside, if only reading can determine it; called before the end of the reading is sent.</summary>
    public void EndAt(DateTimeOffset to) => Window = Window with { To = to };
}

/// <summary>
/// A message from reading to staging: a page, or the end of a reading. The stage that processes or drops it disposes of it; disposing twice is harmless.
/// </summary>
internal abstract record Reading(WindowReading Of) : IDisposable
{
    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>A page as it came.</summary>
/// <param name="Of">The reading it belongs to.</param>
/// <param name="Page">The records.</param>
/// <param name="Order">
/// The first record's number, which grows with the time of reading: of two copies of a record with one Modified Date the later read counts.
/// </param>
internal sealed record PageRead(WindowReading Of, RawPage Page, long Order) : Reading(Of)
{
    /// <inheritdoc/>
    public override void Dispose() => Page.Dispose();
}

/// <summary>A page as it will be staged.</summary>
internal sealed record PageMapped(WindowReading Of, RowBatch Batch) : Reading(Of)
{
    /// <inheritdoc/>
    public override void Dispose() => Batch.Dispose();
}

/// <summary>The end of a reading.</summary>
/// <param name="Of">The reading.</param>
/// <param name="Pages">How many pages it had.</param>
/// <param name="ReadingResult">Whether they count.</param>
internal sealed record ReadingEnded(WindowReading Of, int Pages, ReadingResult ReadingResult) : Reading(Of)
{
    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}

/// <summary>The result of a reading.</summary>
/// <param name="Outcome">Whether its rows are staged, and how sure they are complete.</param>
/// <param name="CountBefore">Records as Bubble counted them at the first page, or null where it did not say.</param>
/// <param name="RowsRead">Records received.</param>
/// <param name="CountAfter">Records as Bubble counted them at the last page, or null where it did not say.</param>
/// <param name="Why">Why the reading is not verified, or only with a reservation; null otherwise.</param>
internal sealed record ReadingResult(Outcome Outcome, long? CountBefore, long RowsRead, long? CountAfter, string? Why)
{
    /// <summary>Whether records came that lie outside the window.</summary>
    public bool IsUnconstrained { get; init; }

    /// <summary>The code of the error where the reading is not verified.</summary>
    public ErrorCode Code => IsUnconstrained ? ErrorCode.ConstraintIgnored : ErrorCode.Unproved;
}

/// <summary>A reading whose rows are in staging.</summary>
internal sealed record StagedReading(Window Window, ReadingResult ReadingResult, long Records, ulong Checksum);

/// <summary>Whether a reading's rows are staged.</summary>
internal enum Outcome
{
    /// <summary>Complete: staged.</summary>
    [JsonStringEnumMemberName("proved")]
    Verified,

    /// <summary>Not verified as complete: staged nevertheless, because the records that were read are true, and reported.</summary>
    [JsonStringEnumMemberName("unproved")]
    Unverified,

    /// <summary>Not verified as complete: discarded; the window is read again.</summary>
    Discarded,
}
