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
    private readonly ReadingOrder _order = new(clock);

    /// <summary>Gives the ids, and says how they were found: a warning where everything was listed, a doubt where that is not shown to be complete.</summary>
    /// <param name="from">The first moment inside.</param>
    /// <param name="to">The last moment inside.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<(IReadOnlyList<string> Ids, string? Warning, string? Doubt)> FindAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var range = new Window(WindowKind.Modified, from, to.AddMilliseconds(1));
        var (ids, refusal) = await AskedAsync(new ChangeReader(_source, settings, _order, clock).ReadAsync(range, CancellationToken.None, cancellationToken), range);
        if (refusal is null)
            return (ids, null, null);

        (ids, var doubt) = await ListedAsync(range, cancellationToken);
        return (ids, $"{plan.Name}: Bubble was asked for Modified Date {Text(from)} to {Text(to)}, but {refusal}; everything was listed instead.", doubt);
    }

    private static async Task<(IReadOnlyList<string> Ids, string? Doubt)> AskedAsync(IAsyncEnumerable<Reading> readings, Window range)
    {
        try
        {
            return await ReadAsync(readings, range);
        }
        catch (SyncException refused) when (!refused.IsTransient && refused.Errors[0].Code is "source-refused" or "type-not-exposed" or "window-too-dense" or "constraint-ignored")
        {
            return ([], refused.Errors[0].Message);
        }
    }

    private async Task<(IReadOnlyList<string> Ids, string? Doubt)> ListedAsync(Window range, CancellationToken cancellationToken)
    {
        var whole = await _source.ProbeAsync(null, 0, cancellationToken);
        var reader = new WindowReader(_source, settings, _order);
        var windows = new WindowPlanner(_source, settings).PlanAsync(whole, clock.GetUtcNow(), [], cancellationToken);
        var (dated, doubt) = await ReadAsync(windows.SelectMany(w => reader.ReadAsync(w, cancellationToken)), range);
        var (undated, further) = await AskedAsync(reader.ReadAsync(new Window(WindowKind.Undated, null, null), cancellationToken), range);
        return ([.. dated.Union(undated)], doubt ?? further);
    }

    private static async Task<(IReadOnlyList<string> Ids, string? Doubt)> ReadAsync(IAsyncEnumerable<Reading> readings, Window range)
    {
        var ids = new HashSet<string>();
        string? doubt = null;
        await foreach (var reading in readings)
        {
            if (reading is PageRead page)
                Add(page.Page, range, ids);
            else if (reading is ReadingEnded { Verdict: { Outcome: Outcome.Unproved, Why: var why } })
                doubt = why;
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

    private static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
