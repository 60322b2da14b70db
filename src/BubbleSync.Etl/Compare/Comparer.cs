using System.Runtime.CompilerServices;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge.Pruning;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Staging;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Compare;

/// <summary>A record that is not the same in Bubble and in the table.</summary>
/// <param name="Id">Its id; empty where it has none that is usable.</param>
/// <param name="Verdict">How both differ.</param>
/// <param name="Columns">The ordinals of the columns that differ.</param>
/// <param name="Fields">The Bubble fields that did not convert.</param>
/// <param name="IsMarked">Whether its row is marked as deleted, though Bubble has the record.</param>
/// <param name="Kept">The ordinals of the columns whose value is kept though the record does not carry it; alone a difference only if strict.</param>
/// <param name="Staged">What each column would become, as text, by ordinal; empty where it is the whole record.</param>
/// <param name="Stored">What each column is, as text, by ordinal; empty where it is the whole record.</param>
internal sealed record RecordDifference(
    string Id, DifferenceVerdict Verdict, IReadOnlyList<int> Columns, IReadOnlyList<string> Fields, bool IsMarked, IReadOnlyList<int> Kept,
    string?[] Staged, string?[] Stored)
{
    /// <summary>Whether a resync would write or report anything for it.</summary>
    public bool IsOfResync => Verdict != DifferenceVerdict.Differs || Columns.Count > 0 || IsMarked;
}

/// <summary>A record with what is staged and what is stored of it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Raw">The record as it came.</param>
/// <param name="HasRow">Whether the table has it.</param>
/// <param name="Rejected">The Bubble fields that did not convert.</param>
/// <param name="Staged">What each column would become, as text, by ordinal.</param>
/// <param name="Stored">What each column is, as text, by ordinal.</param>
/// <param name="States">0 where the record does not carry the column, 1 where it is the same, 2 where it differs, by ordinal.</param>
/// <param name="Mark">Since when its row is marked as deleted, as text; null where it is not.</param>
internal sealed record RecordValues(
    string Id, byte[] Raw, bool HasRow, IReadOnlyList<string> Rejected, string?[] Staged, string?[] Stored, int[] States, string? Mark);

/// <summary>Compares one entity's staging with its table on one snapshot; the table is only read.</summary>
internal sealed class Comparer(EntityPlan plan, StagingTable staging)
{
    /// <summary>Streams the records that differ or have values that Bubble no longer sends, sorted by id.</summary>
    /// <param name="connection">The connection with the snapshot.</param>
    /// <param name="horizon">Within which rows that Bubble no longer has are looked for; null where not everything is staged.</param>
    /// <param name="known">A query of differences that are known beside what is staged; null for none.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async IAsyncEnumerable<RecordDifference> DifferencesAsync(
        NpgsqlConnection connection, Horizon? horizon, string? known, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await connection.DisableStatementTimeoutAsync(cancellationToken);
        var differences = connection.StreamAsync(
            new ComparisonSql(plan, staging).Differences(withExtra: horizon is not null, known),
            r => new RecordDifference(
                r.GetString(0), Word.Parse<DifferenceVerdict>(r.GetString(1)), List<int>(r, 2), List<string>(r, 3), r.GetBoolean(4), List<int>(r, 5),
                List<string?>(r, 6), List<string?>(r, 7)),
            cancellationToken, DeletedInSourceSql.Parameters(horizon));
        await foreach (var difference in differences)
            yield return difference;
    }

    /// <summary>Returns every record with an id, sorted by it, with its staged and its stored values.</summary>
    public async IAsyncEnumerable<RecordValues> ValuesAsync(NpgsqlConnection connection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await connection.DisableStatementTimeoutAsync(cancellationToken);
        await connection.ExecuteAsync($"analyze {staging.Raw} ({StagingLayout.Order})", cancellationToken);
        var records = connection.StreamAsync(
            new ComparisonSql(plan, staging).Values,
            r => new RecordValues(
                r.GetString(0), r.GetFieldValue<byte[]>(1), r.GetBoolean(2), List<string>(r, 3),
                r.GetFieldValue<string?[]>(4), r.GetFieldValue<string?[]>(5), r.GetFieldValue<int[]>(6), r.IsDBNull(7) ? null : r.GetString(7)),
            cancellationToken);
        await foreach (var record in records)
            yield return record;
    }

    /// <summary>Returns the records without a usable id, as they came.</summary>
    public async IAsyncEnumerable<string> NamelessAsync(NpgsqlConnection connection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await connection.DisableStatementTimeoutAsync(cancellationToken);
        await foreach (var record in connection.StreamAsync(new ComparisonSql(plan, staging).Nameless, r => r.GetString(0), cancellationToken))
            yield return record;
    }

    private static T[] List<T>(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? [] : row.GetFieldValue<T[]>(column);
}
