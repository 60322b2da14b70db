using System.Runtime.CompilerServices;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Runs;

/// <summary>The records that a run rejected, as they came.</summary>
internal sealed class RejectedRecords(TargetDatabase database, Guid runId)
{
    private const string FieldsSql =
        """
        select entity, bubble_id, field, reason, raw
        from bubblesync.rejected_record
        where run_id = @run
        order by entity, bubble_id collate "C", field collate "C"
        """;

    // A record has an entry for each field; one without a usable id has a single one.
    private const string RawSql =
        """
        select raw from (select distinct bubble_id, raw from bubblesync.rejected_record where run_id = @run and entity = @entity and bubble_id is not null) named
        union all
        select raw from bubblesync.rejected_record where run_id = @run and entity = @entity and bubble_id is null
        """;

    /// <summary>How many each entity has.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var counts = await connection.RowsAsync(
            "select entity, count(distinct raw) from bubblesync.rejected_record where run_id = @run group by entity",
            r => (Entity: r.GetString(0), Count: r.GetInt64(1)), cancellationToken, ("run", runId));
        return counts.ToDictionary(c => c.Entity, c => c.Count);
    }

    /// <summary>Gives the fields that did not convert, sorted.</summary>
    public IAsyncEnumerable<RejectedField> FieldsAsync(CancellationToken cancellationToken) =>
        StreamAsync(FieldsSql, r => new RejectedField(r.GetString(0), r.IsDBNull(1) ? null : r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4)), cancellationToken);

    /// <summary>Gives each record of an entity once, as JSON, however many of its fields did not convert.</summary>
    public IAsyncEnumerable<string> RawAsync(string entity, CancellationToken cancellationToken) =>
        StreamAsync(RawSql, r => r.GetString(0), cancellationToken, ("entity", entity));

    private async IAsyncEnumerable<T> StreamAsync<T>(
        string sql, Func<NpgsqlDataReader, T> read, [EnumeratorCancellation] CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        await connection.TakeTimeAsync(cancellationToken);
        await foreach (var row in connection.StreamAsync(sql, read, cancellationToken, [("run", runId), .. parameters]))
            yield return row;
    }
}
