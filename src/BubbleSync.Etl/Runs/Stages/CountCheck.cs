using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Extract.Changes;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Merge.Pruning;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Runs.Stages;

/// <summary>
/// Ends the reading of changes of one entity: compares the counts of Bubble and of the table, reads what is missing here, and notes what Bubble no longer has.
/// </summary>
/// <param name="entity">The entity.</param>
/// <param name="history">Reads its records.</param>
/// <param name="source">The entity in Bubble.</param>
/// <param name="readById">Reads records by their ids.</param>
/// <param name="database">The target.</param>
/// <param name="journal">The run's journal.</param>
/// <param name="settings">The size of a page and of a window.</param>
/// <param name="bound">The last Created Date to compare counts of.</param>
internal sealed class CountCheck(
    EntityRun entity, FullExtract history, EntitySource source, ReadRecords readById, TargetDatabase database, RunJournal journal, BubbleSettings settings,
    DateTimeOffset bound)
{
    // The most ids that are requested one by one. For more, a resync costs the same and reads everything.
    private const int MostAsked = 10_000;

    // The most ids that are requested again in each run although Bubble did not have them: one call.
    private const int MostAskedAgain = 100;

    // The most records that are requested to find out whether Bubble's database was restored, where some are gone: one call.
    private const int MostNewest = 100;

    private readonly LivingRecords _living = new(entity.Plan, entity.Staging, journal.RunId, bound);
    private readonly GoneRecords _gone = new(entity.Plan, entity.Staging, journal.RunId);
    private readonly RowStretches _stretches = new(entity.Plan, journal.Source.Address);
    private bool _isListed;
    private bool _hasGone;
    private RangeCount? _first;

    /// <summary>Compares and resolves; any remaining difference becomes an issue of the entity.</summary>
    /// <param name="since">From when changes were read; null where none were.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task RunAsync(DateTimeOffset? since, CancellationToken cancellationToken)
    {
        try
        {
            await CompareAsync(since, cancellationToken);
        }
        catch (SyncException spent) when (spent.Errors[0].Code == ErrorCode.CallBudget)
        {
            entity.Flow.ExtractLog.AddIssue(
                "all requests that the run may send were sent before the counts of both sides agreed. "
                + $"A resync of {entity.Plan.Name} reads everything");
        }
        catch (SyncException dense) when (dense.Errors[0].Code == ErrorCode.WindowTooDense)
        {
            // The changes are read all the same.
            entity.Flow.ExtractLog.AddIssue($"a range that differs cannot be read: {dense.Message}");
        }
    }

    private async Task CompareAsync(DateTimeOffset? since, CancellationToken cancellationToken)
    {
        var hasChanges = entity.Flow.ExtractLog.Accepted.Any(a => a.ReadingResult.RowsRead > 0);
        var (known, note) = await database.RunAsync(
            async c => (await _gone.FindAsync(c, MostAskedAgain, cancellationToken), await _stretches.LastAsync(c, cancellationToken)), cancellationToken);
        await FindReturnedAsync(known, cancellationToken);
        if (hasChanges && since is { } from)
            await FindOlderAsync(note, from, cancellationToken);
        var survey = await SurveyAsync(since, note, cancellationToken);
        if (survey.WentBackTo is { } back)
        {
            // What is read now is not all, and later runs would not see it.
            await database.RunAsync(c => Watermarks.LimitAsync(c, database.Schema, entity.Plan.Name, back, cancellationToken), cancellationToken);
            entity.Flow.ExtractLog.AddIssue(
                "rows are older here than an earlier sync left them, as after the table was restored from a copy, so that changes between the two are missing. "
                + $"The next incremental sync reads them again; a resync of {entity.Plan.Name} reads everything");
        }

        var last = survey.IsAsNoted ? new NotedRows(note.Undated, []) : await FindChangedAsync(since, note, cancellationToken);
        _first = survey.IsAsNoted ? survey.Count : null;
        last = last with { Unnoted = note.Unnoted(since, bound), HasLaterRows = survey.Later > 0, AreChangesRead = since is not null };
        var side = new CountedSide(CountAsync, ResolveAsync);
        var result = await new CountReconciliation(source, side, settings, bound).RunAsync(last, cancellationToken);

        entity.Flow.ExtractLog.CountedBefore = entity.Flow.ExtractLog.CountedAfter = result.Dated + result.Undated;
        var (returned, gone) = await database.RunAsync(c => _gone.CountAsync(c, cancellationToken), cancellationToken);
        entity.Counted = new CountedRows(result.Here, result.Undated, gone)
        {
            Ids = result.Ids,
            IsUnchangedSinceNote = survey is { IsAsNoted: true, Later: 0 } && !_isListed && returned == 0 && result.Undated == note.Undated,
        };
        if (result.Issue is { } issue)
            entity.Flow.ExtractLog.AddIssue($"{issue}. A resync of {entity.Plan.Name} reads everything");
        // If nothing changed, the latest date in Bubble is that of the newest row.
        if (!hasChanges && since is { } start && !(note.Newest.Values.All(n => n <= result.Newest)))
            await FindOlderAsync(note, start, cancellationToken);
        if (since is { } before && _hasGone)
            await TakeNewestAsync(before, cancellationToken);
        if (await database.RunAsync(c => _living.CountOlderAsync(c, cancellationToken), cancellationToken) is > 0 and var older)
        {
            entity.Flow.ExtractLog.AddIssue(OlderRecords.Message(entity.Plan, older), ErrorCode.OlderInBubble);
        }
    }

    // A record that comes back with its old dates is sent as no change, and another that is deleted makes the counts equal.
    private async Task FindReturnedAsync(IReadOnlyList<(string Id, bool IsNoted)> known, CancellationToken cancellationToken)
    {
        if (known.Count == 0)
            return;

        var found = await TakeAsync([.. known.Select(k => k.Id)], cancellationToken);
        var gone = known.Where(k => k.IsNoted && !found.Contains(k.Id)).Select(k => k.Id).ToList();
        if (gone.Count > 0)
            await database.RunAsync(c => _gone.AddAsync(c, gone, cancellationToken), cancellationToken);
    }

    // The newest rows in Bubble as they are here show that its database was not restored. Those that changed since came, or are requested as all that did not.
    private async Task FindOlderAsync(RowNote note, DateTimeOffset since, CancellationToken cancellationToken)
    {
        List<string> ids = [.. note.Newest.Where(n => n.Value < since).Select(n => n.Key)];
        if (ids.Count == 0)
            return;

        var found = await readById(entity.Plan, ids, cancellationToken);
        var older = found.Where(f => KeysetPage.Moment(f.Value, BubbleField.Modified) < note.Newest[f.Key]).Select(f => f.Value).ToList();
        if (older.Count > 0)
            await history.TakeAsync(older, cancellationToken);
    }

    // A database that was restored lacks its newest records, and has older versions of those that were changed since.
    private async Task TakeNewestAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var newest = await database.RunAsync(c => _living.NewestAsync(c, since, MostNewest, cancellationToken), cancellationToken);
        if (newest.Count > 0)
            await TakeAsync(newest, cancellationToken);
    }

    // One scan of the table shows whether anything has to be found at all, and counts.
    private Task<RowSurvey> SurveyAsync(DateTimeOffset? since, RowNote note, CancellationToken cancellationToken) =>
        database.RunAsync(c => _living.SurveyAsync(c, since, note, cancellationToken), cancellationToken);

    private async Task<NotedRows> FindChangedAsync(DateTimeOffset? since, RowNote note, CancellationToken cancellationToken)
    {
        if (since is { } from)
        {
            var unseen = await database.RunAsync(c => _living.UnseenAsync(c, from, note, MostAsked, cancellationToken), cancellationToken);
            await AskAsync(unseen, cancellationToken);
        }

        return await database.RunAsync(c => _stretches.ReadAsync(c, cancellationToken), cancellationToken);
    }

    // At first the table itself is counted; once ranges are narrowed down, a list of what it holds.
    private async Task<IReadOnlyList<RangeCount>> CountAsync(IReadOnlyList<Window> ranges, CancellationToken cancellationToken)
    {
        if (_first is { } first)
        {
            _first = null;
            return [first];
        }

        if (ranges is not [{ From: null, To: not null }])
            return await database.RunAsync(c => _living.CountAsync(c, ranges, cancellationToken), cancellationToken);

        var whole = await database.RunAsync(c => _living.CountAsync(c, cancellationToken), cancellationToken);
        return _isListed
            ? [whole with { Middle = (await database.RunAsync(c => _living.CountAsync(c, ranges, cancellationToken), cancellationToken))[0].Middle }]
            : [whole];
    }

    private async Task ResolveAsync(IReadOnlyList<Window> ranges, CancellationToken cancellationToken)
    {
        if (ranges.Count > 0)
            await history.ReadWindowsAsync(ranges, cancellationToken);
        await database.RunAsync(c => _living.ListAsync(c, cancellationToken), cancellationToken);
        _isListed = true;
        var unstaged = await database.RunAsync(c => _living.UnstagedAsync(c, ranges, MostAsked, cancellationToken), cancellationToken);
        if (unstaged.Count == 0)
            return;

        await AskAsync(unstaged, cancellationToken);
        await database.RunAsync(c => _living.ListAsync(c, cancellationToken), cancellationToken);
    }

    // A record that Bubble has although no range showed it is staged like any other.
    private async Task AskAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
            return;

        var found = await TakeAsync(ids, cancellationToken);
        var gone = ids.Where(id => !found.Contains(id)).ToList();
        if (gone.Count == 0)
            return;

        _hasGone = true;
        await database.RunAsync(c => _gone.AddAsync(c, gone, cancellationToken), cancellationToken);
    }

    private async Task<IReadOnlySet<string>> TakeAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var found = await readById(entity.Plan, ids, cancellationToken);
        if (found.Count > 0)
            await history.TakeAsync(found.Values, cancellationToken);
        return found.Keys.ToHashSet();
    }
}

/// <summary>The result of counting an entity's records.</summary>
/// <param name="Here">Records that are here; null if they were not counted.</param>
/// <param name="Undated">Records without Created Date in Bubble; null where they were not counted.</param>
/// <param name="Gone">Rows of which Bubble has no record.</param>
internal sealed record CountedRows(long? Here, long? Undated, long Gone)
{
    /// <summary>A checksum of the ids that were counted here; null where the counts do not agree.</summary>
    public long? Ids { get; init; }

    /// <summary>Whether the rows are those that the last sync noted.</summary>
    public bool IsUnchangedSinceNote { get; init; }
}
