using System.Data;
using System.Globalization;
using System.Runtime.CompilerServices;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Merge.Links;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using Npgsql;

namespace BubbleSync.Etl.Compare;

/// <summary>Finds links in the tables whose target no table has: reports each at once, and keeps the counts and the first of each column.</summary>
/// <param name="plans">All entities.</param>
/// <param name="database">The database.</param>
/// <param name="search">Searches the targets in Bubble; null if it is not to be used.</param>
internal sealed class LinkAudit(IReadOnlyList<EntityPlan> plans, TargetDatabase database, TargetSearch? search)
{
    private const int MostKept = 1000;
    private static readonly string[] Head = ["entity", "column", "target_entity", "target_id", "records", "bubble_ids"];

    private readonly List<MissingLinkCount> _columns = [];
    private readonly List<MissingLink> _first = [];

    /// <summary>Reports on one snapshot of the tables; writes every link to a file if one is named.</summary>
    public async Task<LinkAuditReport> RunAsync(string? csv, CancellationToken cancellationToken)
    {
        var links = LinksAsync(cancellationToken);
        await (csv is null
            ? links.LongCountAsync(cancellationToken).AsTask()
            : CsvFile.WriteAsync(csv, Head,
                links.Select(Cells), formulas: false, cancellationToken));
        return new LinkAuditReport(_columns, _first, [.. search?.Issues.Distinct() ?? []]);
    }

    private static IReadOnlyList<string> Cells(MissingLink link) =>
    [
        link.Entity, link.Column, link.TargetEntity, link.TargetId, link.Records.ToString(CultureInfo.InvariantCulture), string.Join(' ', link.BubbleIds),
    ];

    private async IAsyncEnumerable<MissingLink> LinksAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var connection = session.Connection;
        await connection.DisableStatementTimeoutAsync(cancellationToken);
        var withHeld = await connection.ScalarAsync<bool>("select to_regclass('bubblesync.held_link') is not null", cancellationToken);
        foreach (var plan in plans.OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            foreach (var column in plan.Links.OrderBy(c => c.Name, StringComparer.Ordinal))
            {
                var found = Find(connection, plan, column, withHeld, cancellationToken);
                var links = search is null ? found : search.AskAsync(found, column, cancellationToken);
                await foreach (var link in Counted(links, plan, column, cancellationToken))
                    yield return link;
            }
        }
    }

    private async IAsyncEnumerable<MissingLink> Counted(
        IAsyncEnumerable<MissingLink> links, EntityPlan plan, ColumnPlan column, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (targets, records, inBubble, issues) = (0L, 0L, 0L, search?.Issues.Count);
        await foreach (var link in links.WithCancellation(cancellationToken))
        {
            if (targets < MostKept)
                _first.Add(link);
            (targets, records, inBubble) = (targets + 1, records + link.Records, inBubble + (link.Fetch is null ? 0 : 1));
            yield return link;
        }

        if (targets > 0)
            _columns.Add(new MissingLinkCount(
                plan.Name, column.Name, column.Relations[0].Entity, targets, records, search is null || search.Issues.Count > issues ? null : inBubble));
    }

    private static IAsyncEnumerable<MissingLink> Find(
        NpgsqlConnection connection, EntityPlan plan, ColumnPlan column, bool withHeld, CancellationToken cancellationToken) =>
        connection.StreamAsync(
            LinkSql.Missing(plan, column, withHeld && column.HoldsLinks),
            r => new MissingLink(plan.Name, column.Name, column.Relations[0].Entity, r.GetString(0), r.GetInt64(1)) { BubbleIds = r.GetFieldValue<string[]>(2) },
            cancellationToken);
}
