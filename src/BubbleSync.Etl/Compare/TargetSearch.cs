using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Chosen;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Compare;

/// <summary>Searches Bubble for the targets of links, and returns how to fetch each.</summary>
internal sealed class TargetSearch(IReadOnlyList<EntityPlan> plans, BubbleClient client, BubbleSettings settings, TimeProvider clock)
{
    // About as many as one request takes; they wait for it together.
    private const int AtOnce = 100;

    private readonly List<string> _issues = [];

    /// <summary>The reasons so far why the search may be incomplete.</summary>
    public IReadOnlyList<string> Issues => _issues;

    /// <summary>Streams a column's links, each with how to fetch its target if Bubble has it.</summary>
    public async IAsyncEnumerable<MissingLink> AskAsync(
        IAsyncEnumerable<MissingLink> links, ColumnPlan column, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var some in links.Chunk(AtOnce).WithCancellation(cancellationToken))
        {
            var actions = await ActionsAsync([.. some.Select(l => l.TargetId)], column, cancellationToken);
            foreach (var link in some)
                yield return link with { Fetch = actions.GetValueOrDefault(link.TargetId) };
        }
    }

    private async Task<Dictionary<string, NextAction>> ActionsAsync(IReadOnlyList<string> ids, ColumnPlan column, CancellationToken cancellationToken)
    {
        var actions = new Dictionary<string, NextAction>();
        foreach (var plan in column.Relations.Select(r => plans.First(p => p.Name == r.Entity)))
        {
            var reader = new WindowReader(new EntitySource(client, plan), settings, new ReadingOrder(clock));
            foreach (var batch in RecordsById.Batches([.. ids.Where(id => !actions.ContainsKey(id))]))
            {
                foreach (var id in await HeldAsync(plan.Name, reader, batch, cancellationToken))
                    actions[id] = Fetch(plan.Name, id);
            }
        }

        return actions;
    }

    private static NextAction Fetch(string entity, string id) => entity == RecordFamily.Invoice
        ? new NextAction(NextActionKind.SyncInvoices) { BubbleIds = [id] }
        : new NextAction(NextActionKind.SyncRecords) { Entities = [entity], BubbleIds = [id] };

    private async Task<HashSet<string>> HeldAsync(string entity, WindowReader reader, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var found = new HashSet<string>();
        await foreach (var reading in reader.ReadAsync(Window.Of(new Choice(BubbleField.Id, false, ids)), cancellationToken))
        {
            if (reading is ReadingEnded { ReadingResult: { Outcome: Outcome.Unverified } result })
                _issues.Add($"{entity}: which targets Bubble has is not shown to be complete: {result.Why}");
            if (reading is not PageRead read)
                continue;

            using (read.Page)
                found.UnionWith(read.Page.Records.EnumerateArray().Select(Id).OfType<string>());
        }

        found.IntersectWith(ids);
        return found;
    }

    private static string? Id(JsonElement record) =>
        record.ValueKind == JsonValueKind.Object && record.TryGetProperty(BubbleField.Id, out var id) && id.ValueKind == JsonValueKind.String
            ? Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(id)[1..^1])
            : null;
}
