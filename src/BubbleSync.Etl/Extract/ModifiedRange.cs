using System.Text.Json;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract.Changes;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Extract;

/// <summary>Finds the records whose Modified Date lies in a range: by Bubble where it applies the constraint, else in a listing of everything.</summary>
internal sealed class ModifiedRange(BubbleClient client, EntityPlan plan, BubbleSettings settings, TimeProvider clock)
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);

    private readonly EntitySource _source = new(client, plan);
    private readonly ReadingOrder _order = new(clock);

    /// <summary>Returns the records, a warning if all records had to be listed, and an issue if the listing is not verified as complete.</summary>
    /// <param name="from">The first moment inside.</param>
    /// <param name="to">The last moment inside.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<(FoundRecords Found, string? Warning, CompletenessIssue? Issue)> FindAsync(
        DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var range = RangeOf(from, to);
        var reader = new KeysetReader(_source, settings, _order);
        var (found, refusal) = await AskedAsync(reader.ReadAsync(range, clock.GetUtcNow(), CancellationToken.None, cancellationToken), range);
        if (refusal is null)
            return (found, null, null);

        (found, var issue) = await ListedAsync(range, cancellationToken);
        var asked = $"Bubble was asked for Modified Date {UtcText.Of(from)} to {UtcText.Of(to)}";
        return (found, $"{plan.Name}: {asked}, but {refusal.Message}; everything was listed instead.", issue);
    }

    /// <summary>Counts the records by one request; null where Bubble does not say how many there are.</summary>
    public async Task<long?> CountAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        (await _source.ProbeAsync(RangeOf(from, to), 0, cancellationToken)).Total;

    private static Window RangeOf(DateTimeOffset from, DateTimeOffset to) =>
        new(WindowKind.Modified, from, DateTimeOffset.MaxValue - to > Least ? to + Least : null);

    private static async Task<(FoundRecords Found, CompletenessIssue? Issue)> AskedAsync(IAsyncEnumerable<Reading> readings, Window range)
    {
        try
        {
            return await ReadAsync(readings, range);
        }
        catch (SyncException refused)
            when (!refused.IsTransient
                && refused.Errors[0].Code is ErrorCode.SourceRefused or ErrorCode.TypeNotExposed or ErrorCode.WindowTooDense or ErrorCode.ConstraintIgnored)
        {
            var code = refused.Errors[0].Code == ErrorCode.ConstraintIgnored ? ErrorCode.ConstraintIgnored : ErrorCode.Unproved;
            return (new FoundRecords([], []), new CompletenessIssue(code, refused.Errors[0].Message));
        }
    }

    private async Task<(FoundRecords Found, CompletenessIssue? Issue)> ListedAsync(Window range, CancellationToken cancellationToken)
    {
        var whole = await _source.ProbeAsync(null, 0, cancellationToken);
        var reader = new WindowReader(_source, settings, _order);
        var windows = new WindowPlanner(_source, settings).PlanAsync(whole, clock.GetUtcNow(), [], cancellationToken);
        var (dated, issue) = await ReadAsync(windows.SelectMany(w => reader.ReadAsync(w, cancellationToken)), range);
        var (undated, further) = await AskedAsync(reader.ReadAsync(new Window(WindowKind.Undated, null, null), cancellationToken), range);
        return (dated.With(undated), issue ?? further);
    }

    private static async Task<(FoundRecords Found, CompletenessIssue? Issue)> ReadAsync(IAsyncEnumerable<Reading> readings, Window range)
    {
        var (ids, unusable, ofReading) = (new HashSet<string>(), new List<string>(), new List<string>());
        CompletenessIssue? issue = null;
        await foreach (var reading in readings)
        {
            if (reading is PageRead page)
                Add(page.Page, range, ids, ofReading);
            if (reading is not ReadingEnded { ReadingResult: var result })
                continue;

            // A window that is read again brings its records again, and records without an id cannot be told apart.
            if (result.Outcome != Outcome.Discarded)
                unusable.AddRange(ofReading);
            ofReading.Clear();
            issue = result is { Outcome: Outcome.Unverified, Why: { } why } ? new CompletenessIssue(result.Code, why) : issue;
        }

        return (new FoundRecords([.. ids], unusable), issue);
    }

    private static void Add(RawPage page, Window range, HashSet<string> ids, List<string> unusable)
    {
        using (page)
        {
            foreach (var record in page.Records.EnumerateArray())
            {
                if (!WindowVerifier.TryMoment(record, BubbleField.Modified, out var modified) || !IsIn(modified, range))
                    continue;

                if (WindowVerifier.TryField(record, BubbleField.Id, out var id) && Text(id) is { } text && BubbleId.IsValid(text))
                    ids.Add(text);
                else
                    unusable.Add(record.GetRawText());
            }
        }
    }

    private static string? Text(JsonElement id)
    {
        try
        {
            return id.ValueKind == JsonValueKind.String ? id.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate.
            return null;
        }
    }

    private static bool IsIn(long microseconds, Window range)
    {
        var moment = DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
        return moment >= range.From && (range.To is not { } to || moment < to);
    }
}
