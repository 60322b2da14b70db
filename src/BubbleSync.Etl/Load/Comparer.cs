using System.Runtime.CompilerServices;
using BubbleSync.Etl.Plan;
using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Load;

/// <summary>A record that is not the same in Bubble and in the table.</summary>
/// <param name="Id">Its id; empty where it has none that is usable.</param>
/// <param name="Verdict"><c>missing</c>, <c>extra</c>, <c>older</c>, <c>newer</c>, <c>differs</c> or <c>rejected</c>.</param>
/// <param name="Columns">The ordinals of the columns that differ.</param>
/// <param name="Fields">The Bubble fields that did not convert.</param>
internal sealed record RecordDifference(string Id, string Verdict, IReadOnlyList<int> Columns, IReadOnlyList<string> Fields);

/// <summary>Holds one entity's staging against its table, all of it on one snapshot; the table is only read.</summary>
internal sealed class Comparer(EntityPlan plan, StagingTable staging)
{
    /// <summary>Gives the records that differ, sorted by id, as PostgreSQL finds them.</summary>
    public async IAsyncEnumerable<RecordDifference> DifferencesAsync(NpgsqlConnection connection, bool withExtra, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Whoever takes the differences may take his time.
        await connection.ExecuteAsync("set local statement_timeout = 0", cancellationToken);
        var differences = connection.StreamAsync(
            new ComparisonSql(plan, staging).Differences(withExtra),
            r => new RecordDifference(r.GetString(0), r.GetString(1), List<int>(r, 2), List<string>(r, 3)),
            cancellationToken);
        await foreach (var difference in differences)
            yield return difference;
    }

    private static T[] List<T>(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? [] : row.GetFieldValue<T[]>(column);
}
