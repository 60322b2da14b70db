using System.Data;
using System.Runtime.CompilerServices;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Journal.Kept;

/// <summary>The differences that comparisons found, with the values on both sides, kept for reports.</summary>
internal sealed class KeptDifferences(TargetDatabase database)
{
    /// <summary>The number of differences that are kept of one comparison.</summary>
    public const int Most = 100_000;

    // So many differences of so many characters take 200 MB at the most; longer values end with an ellipsis.
    private const int LongestValue = 1_000;

    private const string AddSql =
        """
        insert into bubblesync.difference (run_id, entity, bubble_id, verdict, bubble_field, column_name, bubble_value, stored_value)
        select @run, d.* from unnest(@entities, @ids, @verdicts, @fields, @columns, @bubble, @stored) d
        """;

    private const string LastSql =
        """
        select r.run_id from bubblesync.run r
        where r.target_schema = @schema and r.kind = 'verify' and r.finished_at is not null
          and r.started_at <= (select greatest(started_at, finished_at) from bubblesync.run where run_id = @run)
        order by r.run_id = @run desc, r.started_at desc
        limit 1
        """;

    private const string ListSql =
        """
        select entity, bubble_id, verdict, bubble_field, column_name, bubble_value, stored_value from bubblesync.difference
        where run_id = @run
        order by entity, bubble_id collate "C", bubble_field collate "C", column_name collate "C"
        """;

    /// <summary>Adds differences of a run.</summary>
    public Task AddAsync(Guid runId, IReadOnlyList<VerifiedDifference> differences, CancellationToken cancellationToken) => database.RunAsync(
        c => c.ExecuteAsync(
            AddSql, cancellationToken, ("run", runId), ("entities", Each(differences, d => d.Entity)), ("ids", Each(differences, d => d.BubbleId)),
            ("verdicts", Each(differences, d => Word.Of(d.Verdict))), ("fields", Each(differences, d => d.BubbleField)),
            ("columns", Each(differences, d => d.Column)), ("bubble", Each(differences, d => Cut(d.Bubble))),
            ("stored", Each(differences, d => Cut(d.Stored)))),
        cancellationToken);

    /// <summary>Returns the run itself if it compared, else the last comparison before its end; null if there is none.</summary>
    public async Task<Guid?> LastAsync(Guid runId, CancellationToken cancellationToken) => (await database.RunAsync(
        c => c.RowsAsync(LastSql, r => (Guid?)r.GetGuid(0), cancellationToken, ("schema", database.Schema), ("run", runId)), cancellationToken))
        .FirstOrDefault();

    /// <summary>Counts the differences that are kept of a run.</summary>
    public Task<long> CountAsync(Guid runId, CancellationToken cancellationToken) => database.RunAsync(
        c => c.ScalarAsync<long>("select count(*) from bubblesync.difference where run_id = @run", cancellationToken, ("run", runId)), cancellationToken);

    /// <summary>Streams the differences of a run, sorted.</summary>
    public async IAsyncEnumerable<VerifiedDifference> ListAsync(Guid runId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken);
        await session.Connection.DisableStatementTimeoutAsync(cancellationToken);
        var differences = session.Connection.StreamAsync(
            ListSql,
            r => new VerifiedDifference(r.GetString(0), r.GetString(1), Word.Parse<DifferenceVerdict>(r.GetString(2)), r.GetString(3), r.GetString(4))
            {
                Bubble = r.IsDBNull(5) ? null : r.GetString(5),
                Stored = r.IsDBNull(6) ? null : r.GetString(6),
            },
            cancellationToken, ("run", runId));
        await foreach (var difference in differences)
            yield return difference;
    }

    private static string?[] Each(IReadOnlyList<VerifiedDifference> differences, Func<VerifiedDifference, string?> value) => [.. differences.Select(value)];

    private static string? Cut(string? value) =>
        value is not { Length: > LongestValue } ? value : value[..(LongestValue - (char.IsHighSurrogate(value[LongestValue - 1]) ? 1 : 0))] + "…";
}
