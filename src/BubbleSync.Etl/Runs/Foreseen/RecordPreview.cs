using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs.Recording;
using BubbleSync.Etl.Transform;

namespace BubbleSync.Etl.Runs.Foreseen;

/// <summary>Reads the newest records of an entity in one request, and maps them as a run does.</summary>
internal sealed class RecordPreview(SyncPlan plan, BubbleClient client)
{
    /// <summary>The most records: one page.</summary>
    public const int MostRecords = 100;

    /// <summary>Returns the records as they would be stored.</summary>
    public async Task<PreviewReport> RunAsync(int records, CancellationToken cancellationToken)
    {
        var entity = plan.Entities[0];
        var window = Window.Newest(null);
        var page = await new EntitySource(client, entity).PageAsync(window, 0, records, cancellationToken);
        var (mapper, reading) = (new RecordMapper(entity, keepsRaw: true), new WindowReading(window, 1));
        using var read = new PageRead(reading, page, 0);
        using var mapped = mapper.Map(read);
        using var ended = new ReadingEnded(reading, 1, new ReadingResult(Outcome.Verified, null, mapped.Batch.Records, null, null));
        mapper.Tally.End(ended);
        IEnumerable<string> unmapped = RunFindings.Unmapped(entity, mapper) is { } warning ? [warning] : [];
        return new PreviewReport(
            entity.Name, entity.BubbleType, entity.Target.Name, [.. entity.Columns.Select(c => new PreviewColumn(c.Name, c.Target.FullType, c.Field))],
            Records(mapped.Batch, entity), [.. plan.Warnings, .. unmapped]);
    }

    private static List<PreviewRecord> Records(RowBatch batch, EntityPlan entity)
    {
        var rows = RowText.Read(batch.Rows.Written.Span, entity).ToDictionary(r => r.Order, r => r.Values);
        var rejects = batch.Rejects.ToLookup(r => r.Order);
        return
        [
            .. rows.Keys.Union(rejects.Select(r => r.Key)).Order().Select(order =>
            {
                var values = rows.GetValueOrDefault(order) ?? new Dictionary<string, string?>();
                var rejected = rejects[order].Select(r => new PreviewReject(r.Field, r.Reason));
                return new PreviewRecord(values.GetValueOrDefault(entity.KeyName), values, [.. rejected]);
            }),
        ];
    }
}
