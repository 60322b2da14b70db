using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using Npgsql;

namespace BubbleSync.Etl.Merge;

/// <summary>
/// Finds the columns that a run may not clear for absent fields: more than a fifth of their values would be removed, and a token that lost a right looks the
/// same. One value may always be removed; otherwise the column of a small table could never be cleared.
/// </summary>
internal sealed class ClearGuard(EntityPlan plan, MergeSql sql)
{
    /// <summary>The largest part of a column's values that one run empties.</summary>
    public const int MostPercent = 20;

    private const long AlwaysAllowed = 1;

    /// <summary>Returns the columns to leave unchanged; sends no query where no field of the entity clears its column, or for a backfill.</summary>
    /// <param name="connection">A connection whose transaction will merge.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<ClearRefusal>> RefusedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var clearing = plan.Columns.Where(c => c is { AbsentClears: true, IsRequired: false }).ToList();
        if (clearing.Count == 0 || plan.Backfill is not null)
            return [];

        var emptied = await CountsAsync(connection, sql.CountCleared(clearing), cancellationToken);
        var suspects = clearing.Zip(emptied, (column, count) => (Column: column, Emptied: count)).Where(s => s.Emptied > AlwaysAllowed).ToList();
        if (suspects.Count == 0)
            return [];

        var values = await CountsAsync(connection, sql.CountValues(suspects.Select(s => s.Column)), cancellationToken);
        return
        [
            .. suspects.Zip(values, (s, count) => new ClearRefusal(s.Column.Name, s.Column.Field, s.Emptied, count))
                .Where(r => r.Emptied * 100 > r.Values * MostPercent),
        ];
    }

    private static async Task<long[]> CountsAsync(NpgsqlConnection connection, string statement, CancellationToken cancellationToken) =>
        (await connection.RowsAsync(statement, r => r.GetFieldValue<long[]>(0), cancellationToken))[0];
}
