using System.Text;
using System.Text.Json;
using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Extract;

/// <summary>Reads records of any entity by their ids, as they are sent, without mapping them.</summary>
internal sealed class RecordsById(BubbleClient client, BubbleSettings settings)
{
    // Servers in between accept an address of this length.
    private const int MostIds = 100;
    private const int LongestAddress = 6000;

    /// <summary>Returns the records by their ids; those that Bubble does not have are not among them.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadAsync(EntityPlan plan, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var source = new EntitySource(client, plan);
        var found = new Dictionary<string, string>();
        var open = new Queue<IReadOnlyList<string>>(Batches(ids));
        while (open.TryDequeue(out var batch))
        {
            try
            {
                await AddAsync(source, batch, found, cancellationToken);
            }
            catch (SyncException tooLong) when (batch.Count > 1 && tooLong.Errors[0].Code == ErrorCode.AddressTooLong)
            {
                foreach (var half in batch.Chunk((batch.Count + 1) / 2))
                    open.Enqueue(half);
            }
        }

        return found;
    }

    /// <summary>Splits ids into groups for one request each.</summary>
    public static IEnumerable<IReadOnlyList<string>> Batches(IReadOnlyList<string> ids)
    {
        var batch = new List<string>();
        var length = 0;
        foreach (var id in ids)
        {
            // Each comes with two quotes and a comma, three bytes each once escaped.
            var size = Encoding.UTF8.GetByteCount(id) + 9;
            if (batch.Count == MostIds || length + size > LongestAddress)
            {
                yield return batch;
                (batch, length) = ([], 0);
            }

            batch.Add(id);
            length += size;
        }

        if (batch.Count > 0)
            yield return batch;
    }

    private async Task AddAsync(EntitySource source, IReadOnlyList<string> batch, Dictionary<string, string> found, CancellationToken cancellationToken)
    {
        var window = Window.Of(new Choice(BubbleField.Id, false, batch));
        var wanted = batch.ToHashSet();
        // If Bubble does not apply the constraint, it would send the whole type.
        for (int cursor = 0, read = 1; read > 0 && cursor < batch.Count; cursor += read)
        {
            using var page = await source.PageAsync(window, cursor, settings.PageSize, cancellationToken);
            foreach (var record in page.Records.EnumerateArray())
            {
                if (Id(record) is { } id && wanted.Contains(id))
                    found[id] = record.GetRawText();
            }

            read = page.Remaining == 0 ? 0 : page.Count;
        }
    }

    private static string? Id(JsonElement record)
    {
        try
        {
            return WindowVerifier.TryField(record, BubbleField.Id, out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate.
            return null;
        }
    }
}
