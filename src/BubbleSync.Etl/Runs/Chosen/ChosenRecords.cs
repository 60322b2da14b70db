using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Mapping.Columns;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Runs.Chosen;

/// <summary>Reads records of any entity by ids, many at a time, into the entity's staging.</summary>
internal sealed class ChosenRecords(BubbleClient client, BubbleSettings settings, ReadingOrder order)
{
    /// <summary>Reads the records with these ids; ids that Bubble does not have are left out.</summary>
    public Task ByIdAsync(EntityRun entity, IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        ReadAsync(entity, RecordsById.Batches(ids).Select(batch => new Choice(BubbleField.Id, false, batch)), cancellationToken);

    /// <summary>Reads the records with one of these ids in a field, under each of its names in Bubble; false if it has none there.</summary>
    public Task<bool> ByLinkAsync(EntityRun entity, ColumnPlan column, IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        ByNameAsync(entity, column, name => RecordsById.Batches(ids).Select(batch => new Choice(name, false, batch)), cancellationToken);

    /// <summary>Reads the records that have one of these ids in a list, as <see cref="ByLinkAsync"/> does; Bubble takes one id a call.</summary>
    public Task<bool> ByListAsync(EntityRun entity, ColumnPlan column, IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        ByNameAsync(entity, column, name => ids.Select(id => new Choice(name, true, [id])), cancellationToken);

    private async Task<bool> ByNameAsync(EntityRun entity, ColumnPlan column, Func<string, IEnumerable<Choice>> choices, CancellationToken cancellationToken)
    {
        var isKnown = false;
        foreach (var name in column.SearchNames)
        {
            try
            {
                await ReadAsync(entity, choices(name), cancellationToken);
                isKnown = true;
            }
            catch (SyncException refused) when (refused.Errors[0].Code == ErrorCode.SourceRefused)
            {
                // The field may have another name in this app, or none.
            }
        }

        return isKnown;
    }

    private async Task ReadAsync(EntityRun entity, IEnumerable<Choice> choices, CancellationToken cancellationToken)
    {
        var windows = choices.Select(Window.Of).ToList();
        if (windows.Count == 0)
            return;

        var source = new EntitySource(client, entity.Plan);
        await entity.Flow.PassAsync(_ => windows.ToAsyncEnumerable(), new WindowReader(source, settings, order).ReadAsync, cancellationToken);

        // An answer with other records than requested is refused: otherwise a record that is left out would count as missing.
        if (entity.Flow.ExtractLog.Accepted.FirstOrDefault(a => a.ReadingResult.IsUnconstrained) is { Window: { } window } wrong)
            throw source.Failure(ErrorCode.NotAsAsked, $"{window}: {wrong.ReadingResult.Why}. Nothing is merged");
    }
}
