using System.Data;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Load;
using BubbleSync.Etl.Model;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Sync;
using Npgsql;

namespace BubbleSync.Etl.Audit;

/// <summary>Finds the links in the tables whose target none of the tables has; asks Bubble, where it is told to, which of the targets it still has.</summary>
internal sealed class LinkAudit(IReadOnlyList<EntityPlan> plans, TargetDatabase database)
{
    /// <summary>Gives the links on one snapshot of the tables, sorted.</summary>
    public async Task<IReadOnlyList<MissingLink>> FindAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var withHeld = await connection.ScalarAsync<bool>("select to_regclass('bubblesync.held_link') is not null", cancellationToken);
        var links = new List<MissingLink>();
        foreach (var plan in plans.OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            foreach (var column in plan.Columns.Where(c => c.Relations.Count > 0).OrderBy(c => c.Name, StringComparer.Ordinal))
                links.AddRange(await FindAsync(connection, plan, column, withHeld, cancellationToken));
        }

        return links;
    }

    /// <summary>Says of each target that Bubble still has which command fetches it.</summary>
    public async Task<IReadOnlyList<MissingLink>> AskAsync(IReadOnlyList<MissingLink> links, BubbleClient client, BubbleSettings settings, TimeProvider clock, CancellationToken cancellationToken)
    {
        var commands = new Dictionary<string, string>();
        foreach (var group in links.SelectMany(l => Targets(l).Select(target => (Target: target, l.TargetId))).Distinct().GroupBy(t => t.Target))
        {
            if (plans.FirstOrDefault(p => p.Name == group.Key) is not { } plan)
                continue;

            var reader = new WindowReader(new EntitySource(client, plan), settings, new ReadingOrder(clock));
            foreach (var batch in ChosenRecords.Batches([.. group.Select(g => g.TargetId)]))
            {
                foreach (var id in await HeldByBubbleAsync(reader, batch, cancellationToken))
                    commands.TryAdd(id, plan.Name == InvoiceRun.Root ? $"bubblesync sync invoice {id}" : $"bubblesync resync --entity {plan.Name}");
            }
        }

        return [.. links.Select(l => l with { Fetch = commands.GetValueOrDefault(l.TargetId) })];
    }

    private IEnumerable<string> Targets(MissingLink link) =>
        plans.First(p => p.Name == link.Entity).Columns.First(c => c.Name == link.Column).Relations.Select(r => r.Entity);

    private static async Task<List<MissingLink>> FindAsync(NpgsqlConnection connection, EntityPlan plan, ColumnPlan column, bool withHeld, CancellationToken cancellationToken) =>
        await connection.RowsAsync(
            LinkSql.Missing(plan, column, withHeld && column.HoldsLinks),
            r => new MissingLink(plan.Name, column.Name, column.Relations[0].Entity, r.GetString(0), r.GetInt64(1)),
            cancellationToken);

    private static async Task<HashSet<string>> HeldByBubbleAsync(WindowReader reader, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var found = new HashSet<string>();
        await foreach (var reading in reader.ReadAsync(Window.Of(new Choice(BubbleField.Id, false, ids)), cancellationToken))
        {
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
