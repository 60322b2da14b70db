using System.Data;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Merge.Links;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Staging;
using Npgsql;

namespace BubbleSync.Etl.Runs.Stages;

/// <summary>The steps after the last merge: orphaned references, prune, patches, findings, and the removal of staging.</summary>
/// <param name="options">How the run merges.</param>
/// <param name="database">The target.</param>
/// <param name="transactions">The run's transactions.</param>
/// <param name="journal">The run's journal.</param>
/// <param name="findings">The results of the run.</param>
/// <param name="patches">The patch stage.</param>
/// <param name="entities">Returns the entities that the run merged.</param>
internal sealed class FinalStages(
    MergeOptions options, TargetDatabase database, TargetTransactions transactions, RunJournal journal, RunFindings findings, PatchStage patches,
    Func<IReadOnlyList<EntityRun>> entities)
{
    /// <summary>Reads refused records again, to keep them as they were sent; null if they cannot be read again.</summary>
    public ReadRecords? ReadAgain { get; init; }

    /// <summary>What happens to rows that Bubble no longer has.</summary>
    public PruneMode Prune => options.Prune;

    /// <summary>Whether rows are marked or deleted.</summary>
    public bool IsDeleting => options.Prune is PruneMode.Soft or PruneMode.Hard;

    // A resume merges what was left, and runs everything after it.
    private bool IsLeft => entities().Any(e => e.IsLeft);

    /// <summary>Reports orphaned references. Only after the last merge: an agent may name a user, who is merged a level later.</summary>
    public async Task ReportLinksAsync(CancellationToken cancellationToken)
    {
        var linked = entities().Where(e => e.Staging.IsMade && e.Plan.Links.Any()).ToList();
        if (IsLeft || linked.Count == 0)
            return;

        var reports = await transactions.RunInTransactionAsync(
            IsolationLevel.ReadCommitted, null, c => ReportLinksAsync(c, linked, cancellationToken), cancellationToken);
        // Rows that are gone are counted beside this, unless they are pruned.
        foreach (var (entity, report) in linked.Zip(reports))
            entity.Amend(r => r with { MissingLinks = report.MissingLinks });
    }

    /// <summary>Prunes, the highest level first: rows go before the rows they point to.</summary>
    public Task PruneAsync(CancellationToken cancellationToken)
    {
        var prune = new PruneStage(options, database, transactions, journal, findings, ReadAgain);
        return EachAsync(
            entities().Where(e => e is { Baseline: not null, Horizon: not null }).Reverse(),
            e => prune.RunAsync(e, e.Baseline!, e.Horizon!, cancellationToken));
    }

    /// <summary>Restores links that were held back and runs the patches.</summary>
    public Task PatchAsync(CancellationToken cancellationToken) => IsLeft ? Task.CompletedTask : patches.RunAsync(transactions, findings, cancellationToken);

    /// <summary>Adds up the results of the run.</summary>
    public async Task ReportAsync(CancellationToken cancellationToken)
    {
        if (IsLeft)
            return;

        foreach (var entity in entities())
            findings.Add(entity, journal.IsDryRun);
        findings.AddUnmapped();
        await ReportHeldAsync(cancellationToken);
        findings.AddFailures(findings.Patches);
    }

    /// <summary>Drops the staging of these entities.</summary>
    public async Task ClearAsync(IReadOnlyList<EntityRun> all, CancellationToken cancellationToken)
    {
        if (IsLeft)
            return;

        // A dry run still holds locks on its staging tables: it is rolled back first.
        await transactions.DisposeAsync();
        var drop = StagingTable.DropAll(all.Select(e => e.Staging));
        await database.RunAsync(c => c.ExecuteAsync(drop, cancellationToken), cancellationToken);
    }

    private async Task EachAsync(IEnumerable<EntityRun> of, Func<EntityRun, Task> work)
    {
        if (IsLeft)
            return;

        foreach (var entity in of)
            await work(entity);
    }

    private async Task<IReadOnlyList<EntityReport>> ReportLinksAsync(
        NpgsqlConnection connection, IReadOnlyList<EntityRun> linked, CancellationToken cancellationToken)
    {
        var areStaged = await MissingLinks.AreStagedAsync(connection, linked.Select(e => e.Staging), cancellationToken);
        // If a crash of the server removed the staged records after the merge, the table is searched.
        var searches = linked.Zip(areStaged, (e, isStaged) => new MissingLinks(e.Plan, e.Staging).Searches(isStaged || e.Report.Staged == 0));
        var missing = await MissingLinks.ReportAsync(connection, journal.RunId, searches.SelectMany(s => s), cancellationToken);
        var reports = new List<EntityReport>();
        foreach (var entity in linked)
        {
            var report = entity.Report with { MissingLinks = missing.GetValueOrDefault(entity.Plan.Name) };
            if (report != entity.Report)
                await journal.MergedAsync(connection, report, entity.StartedAt, cancellationToken);
            reports.Add(report);
        }

        return reports;
    }

    private async Task ReportHeldAsync(CancellationToken cancellationToken)
    {
        foreach (var entity in entities().Where(e => e.Plan.Columns.Any(c => c.HoldsLinks)))
        {
            findings.Warnings.AddRange(await transactions.RunInTransactionAsync(
                IsolationLevel.ReadCommitted, entity.Plan.Name, c => new DeferredForeignKeys(entity.Plan, entity.Staging).TellAsync(c, cancellationToken),
                cancellationToken));
        }
    }
}
