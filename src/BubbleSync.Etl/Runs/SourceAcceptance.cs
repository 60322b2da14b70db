using System.Text.Json;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Runs;

/// <summary>Checks that an app at a new address is the app that the tables mirror: it must have most of a sample of the stored ids.</summary>
internal sealed class SourceAcceptance(BubbleClient client, TargetDatabase database)
{
    private const int OfEachEnd = 20;

    /// <summary>
    /// Requests the oldest and newest stored ids of each entity, one call per entity; returns if at least half of them are found, or none are stored.
    /// </summary>
    /// <exception cref="SyncException">Fewer are found: a usage error.</exception>
    public async Task CheckAsync(IReadOnlyList<EntityPlan> plans, string address, CancellationToken cancellationToken)
    {
        var (stored, found) = (0, 0);
        foreach (var plan in plans)
        {
            var ids = await SampleAsync(plan, cancellationToken);
            if (ids.Count == 0)
                continue;

            stored += ids.Count;
            found += await FoundAsync(new EntitySource(client, plan), ids, cancellationToken);
        }

        if (found * 2 < stored)
        {
            throw new SyncException(new SyncError(
                SyncStage.Settings, null, null, "Bubble:BaseUrl", ErrorCode.OtherApp,
                Invariant($"Of {stored} stored ids that were looked for, the app at {address} has {found}: it is not the app that these tables mirror. ")
                + "Nothing was changed. Correct Bubble:BaseUrl, or name another schema in Postgres:Schema for this app."));
        }
    }

    private static async Task<int> FoundAsync(EntitySource source, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var window = Window.Of(new Choice(BubbleField.Id, false, ids));
        var found = new HashSet<string>();
        for (int cursor = 0, read = 1; read > 0 && cursor < ids.Count; cursor += read)
        {
            using var page = await source.PageAsync(window, cursor, ids.Count - cursor, cancellationToken);
            found.UnionWith(page.Records.EnumerateArray().Select(IdOf).OfType<string>().Intersect(ids));
            read = page.Remaining == 0 ? 0 : page.Count;
        }

        return found.Count;
    }

    private async Task<IReadOnlyList<string>> SampleAsync(EntityPlan plan, CancellationToken cancellationToken)
    {
        var ids = $"select {plan.Key.Quoted}::text as id from {plan.Table} where {plan.Key.Quoted}::text collate \"C\" ~ '{BubbleId.Pattern}' order by 1";
        var ends = $"(({ids} limit {OfEachEnd}) union ({ids} desc limit {OfEachEnd}))";
        return await database.RunAsync(c => c.RowsAsync(ends, r => r.GetString(0), cancellationToken), cancellationToken);
    }

    private static string? IdOf(JsonElement record) =>
        record.ValueKind == JsonValueKind.Object && WindowVerifier.TryField(record, BubbleField.Id, out var id)
        && id.ValueKind == JsonValueKind.String
            ? id.GetString()
            : null;
}
