using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Journal.Kept;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Postgres.Failures;
using BubbleSync.Etl.Preflight;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Runs;

/// <summary>Earlier runs over one schema, read from the control tables. Runs are named by their id, the beginning of it, or <c>last</c>.</summary>
public sealed class RunArchive : IAsyncDisposable
{
    private readonly TargetDatabase _database;
    private readonly RunHistory _history;

    private RunArchive(TargetDatabase database) => (_database, _history) = (database, new RunHistory(database));

    /// <summary>Lists the latest runs, newest first.</summary>
    /// <param name="most">How many.</param>
    /// <param name="kind">Only runs of this kind, or null for all.</param>
    /// <param name="state">Only runs in this state, or null for all.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<IReadOnlyList<RunListing>> ListAsync(int most, RunKind? kind, RunState? state, CancellationToken cancellationToken) =>
        ListAsync(most, kind, state, null, cancellationToken);

    /// <summary>Lists runs, newest first, page by page.</summary>
    /// <param name="most">How many.</param>
    /// <param name="kind">Only runs of this kind, or null for all.</param>
    /// <param name="state">Only runs in this state, or null for all.</param>
    /// <param name="before">Only runs that started before this one, which is the last of the page before; null for the first page.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<IReadOnlyList<RunListing>> ListAsync(int most, RunKind? kind, RunState? state, Guid? before, CancellationToken cancellationToken) =>
        PostgresFailure.ExplainedAsync(() => _history.ListAsync(most, kind, state, before, cancellationToken), SyncStage.Runs);

    /// <summary>Returns a run's result, or what is known if it has none yet.</summary>
    public Task<RunReport> ShowAsync(string run, CancellationToken cancellationToken) =>
        PostgresFailure.ExplainedAsync(
            async () => await _history.ShowAsync(await _history.FindAsync(run, cancellationToken), cancellationToken), SyncStage.Runs);

    /// <summary>Returns a run's activity log in order.</summary>
    /// <param name="run">The run.</param>
    /// <param name="level">Only lines of this level and of graver ones, or null for all.</param>
    /// <param name="entity">Only lines of this entity, or null for all.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<IAsyncEnumerable<ActivityLine>> LogAsync(string run, Severity? level, string? entity, CancellationToken cancellationToken) =>
        PostgresFailure.ExplainedAsync(
            async () => _history.LogAsync(await FindAsync(run, entity, cancellationToken), level, entity, cancellationToken), SyncStage.Runs);

    /// <summary>Returns a run's activity log in order, then each new line as it is written, until the run has ended.</summary>
    /// <param name="run">The run.</param>
    /// <param name="level">Only lines of this level and of graver ones, or null for all.</param>
    /// <param name="entity">Only lines of this entity, or null for all.</param>
    /// <param name="clock">The clock of the pauses between polls.</param>
    /// <param name="cancellationToken">Stops following.</param>
    public Task<IAsyncEnumerable<ActivityLine>> FollowAsync(
        string run, Severity? level, string? entity, TimeProvider clock, CancellationToken cancellationToken) =>
        PostgresFailure.ExplainedAsync(
            async () => _history.FollowAsync(await FindAsync(run, entity, cancellationToken), level, entity, clock, cancellationToken), SyncStage.Runs);

    /// <summary>Lists the fields that did not convert in a run, sorted, each with its record.</summary>
    /// <param name="run">The run.</param>
    /// <param name="entity">Only those of this entity, or null for all.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="SyncException">The run rejected records that are no longer kept.</exception>
    public Task<IAsyncEnumerable<RejectedField>> RejectedAsync(string run, string? entity, CancellationToken cancellationToken) =>
        PostgresFailure.ExplainedAsync(
            async () =>
            {
                var rejected = new RejectedRecords(_database, await FindAsync(run, entity, cancellationToken));
                if (await rejected.ForgottenAsync(entity, cancellationToken) is { } forgotten)
                {
                    throw new SyncException(new SyncError(SyncStage.Settings, entity, null, "RUN", ErrorCode.RejectsForgotten, $"There are {forgotten}.")
                    {
                        Next = new NextAction(NextActionKind.ResyncEntities) { Entities = entity is null ? [] : [entity] },
                    });
                }

                return rejected.FieldsAsync(cancellationToken).Where(f => entity is null || f.Entity == entity);
            },
            SyncStage.Runs);

    /// <summary>Lists the latest runs, newest first, with the records that they read and the calls that they made, for charts over time.</summary>
    /// <param name="most">How many.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<IReadOnlyList<RunPoint>> TrendAsync(int most, CancellationToken cancellationToken) => PostgresFailure.ExplainedAsync(
        async () => (IReadOnlyList<RunPoint>)await new RunTrend(_database).ListAsync(most, cancellationToken).ToListAsync(cancellationToken), SyncStage.Runs);

    /// <summary>Returns when a run read and merged each entity, and when its windows were staged; windows close together count as one.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<IReadOnlyList<EntitySpan>> TimelineAsync(string run, CancellationToken cancellationToken) => PostgresFailure.ExplainedAsync(
        async () => await new RunTrend(_database).TimelineAsync(await _history.FindAsync(run, cancellationToken), cancellationToken), SyncStage.Runs);

    /// <summary>Lists the differences that a comparison found and that are kept, sorted, with the values of both sides.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<IAsyncEnumerable<VerifiedDifference>> DifferencesAsync(string run, CancellationToken cancellationToken) => PostgresFailure.ExplainedAsync(
        async () => new KeptDifferences(_database).ListAsync(await _history.FindAsync(run, cancellationToken), cancellationToken), SyncStage.Runs);

    /// <summary>Returns the last audit of the fields of each entity, sorted by entity; none where no audit was made.</summary>
    public Task<IReadOnlyList<KeptFieldAudit>> CoverageAsync(CancellationToken cancellationToken) =>
        PostgresFailure.ExplainedAsync(() => new FieldAudits(_database).ListAsync(cancellationToken), SyncStage.Runs);

    /// <summary>Writes rejects as CSV with header <c>entity,bubble_id,field,reason,raw</c>; returns how many.</summary>
    /// <param name="rejected">The rejects.</param>
    /// <param name="path">The file.</param>
    /// <param name="excel">Whether spreadsheets keep every text as it is; the file then begins with a byte order mark.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="SyncException">The file cannot be written.</exception>
    public static Task<long> WriteCsvAsync(
        IAsyncEnumerable<RejectedField> rejected, string path, bool excel, CancellationToken cancellationToken) => CsvFile.WriteAsync(
        path,
        new CsvHead("entity", "bubble_id", "field", "reason", "raw"),
        rejected.Select(r => (IReadOnlyList<string>)[r.Entity, r.BubbleId ?? "", r.Field, r.Reason, r.Raw]),
        excel ? CsvTexts.Excel : CsvTexts.Guarded,
        cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private async Task<Guid> FindAsync(string run, string? entity, CancellationToken cancellationToken)
    {
        var found = await _history.FindAsync(run, cancellationToken);
        await _history.RequireEntityAsync(found, entity, cancellationToken);
        return found;
    }

    internal static async Task<RunArchive> OpenAsync(PostgresSettings settings, CancellationToken cancellationToken)
    {
#pragma warning disable CA2000 // The archive disposes of it.
        var database = await TargetDatabase.OpenAsync(settings, "bubblesync runs", cancellationToken);
#pragma warning restore CA2000
        try
        {
            await database.RunAsync(c => ControlTableChecks.EnsureReadableAsync(c, cancellationToken), cancellationToken);
            return new RunArchive(database);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }
}
