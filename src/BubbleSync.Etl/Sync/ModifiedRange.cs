using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;

namespace BubbleSync.Etl.Sync;

/// <summary>Finds the records whose Modified Date lies in a range: by Bubble where it applies the constraint, else in a listing of everything.</summary>
internal sealed class ModifiedRange(BubbleClient client, EntityPlan plan, BubbleSettings settings, TimeProvider clock)
{
    private readonly EntitySource _source = new(client, plan);

    /// <summary>Gives the ids, and says how they were found: a warning where everything was listed, a doubt where that is not shown to be complete.</summary>
    /// <param name="from">The first moment inside.</param>
    /// <param name="to">The last moment inside.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<(IReadOnlyList<string> Ids, string? Warning, string? Doubt)> FindAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var range = new Window(WindowKind.Modified, Floor(from), Floor(to).AddMilliseconds(1));
        var (ids, refusal) = await AskedAsync(range, range, cancellationToken);
        if (refusal is null)
            return (ids, null, null);

        (ids, var doubt) = await ListedAsync(range, cancellationToken);
        return (ids, $"{plan.Name}: Bubble was asked for Modified Date {Text(from)} to {Text(to)}, but {refusal}; everything was listed instead.", doubt);
    }

    private async Task<(IReadOnlyList<string> Ids, string? Doubt)> AskedAsync(Window window, Window range, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(One(window), range, cancellationToken);
        }
        catch (SyncException refused) when (!refused.IsTransient && refused.Errors[0].Code is "source-refused" or "type-not-exposed" or "window-too-dense")
        {
            return ([], refused.Errors[0].Message);
        }
    }

    private async Task<(IReadOnlyList<string> Ids, string? Doubt)> ListedAsync(Window range, CancellationToken cancellationToken)
    {
        var whole = await _source.ProbeAsync(null, 0, cancellationToken);
        var (dated, doubt) = await ReadAsync(new WindowPlanner(_source, settings).PlanAsync(whole, clock.GetUtcNow(), [], cancellationToken), range, cancellationToken);
        var (undated, further) = await AskedAsync(new Window(WindowKind.Undated, null, null), range, cancellationToken);
        return ([.. dated.Union(undated)], doubt ?? further);
    }

    private async Task<(IReadOnlyList<string> Ids, string? Doubt)> ReadAsync(IAsyncEnumerable<Window> windows, Window range, CancellationToken cancellationToken)
    {
        var ids = new HashSet<string>();
        string? doubt = null;
        var reader = new WindowReader(_source, settings, new ReadingOrder(clock));
        await foreach (var window in windows.WithCancellation(cancellationToken))
        {
            await foreach (var reading in reader.ReadAsync(window, cancellationToken))
            {
                if (reading is PageRead page)
                    Add(page.Page, range, ids);
                else if (reading is ReadingEnded { Verdict: { Outcome: Outcome.Unproved, Why: var why } })
                    doubt = why;
            }
        }

        return ([.. ids], doubt);
    }

    private static void Add(RawPage page, Window range, HashSet<string> ids)
    {
        using (page)
        {
            foreach (var record in page.Records.EnumerateArray())
            {
                if (WindowProof.TryMoment(record, BubbleField.Modified, out var modified) && IsIn(modified, range)
                    && WindowProof.TryField(record, BubbleField.Id, out var id) && id.ValueKind == System.Text.Json.JsonValueKind.String)
                    ids.Add(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(id)[1..^1]));
            }
        }
    }

    private static bool IsIn(long microseconds, Window range)
    {
        var moment = DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
        return moment >= range.From && moment < range.To;
    }

    private static async IAsyncEnumerable<Window> One(Window window)
    {
        await Task.CompletedTask;
        yield return window;
    }

    // Bubble keeps and compares whole milliseconds.
    private static DateTimeOffset Floor(DateTimeOffset moment) => new(moment.UtcTicks - (moment.UtcTicks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);

    private static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
