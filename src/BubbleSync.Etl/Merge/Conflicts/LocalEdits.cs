using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Staging;
using Npgsql;

namespace BubbleSync.Etl.Merge.Conflicts;

/// <summary>
/// Lists of the rows that are edited here, made before this program writes into their tables. If a trigger stamps such a row, the row must still count as
/// edited. The lists are tables that end with the transaction.
/// </summary>
internal sealed class LocalEdits
{
    private readonly Dictionary<string, string> _lists = [];

    /// <summary>Whether the rows of an entity's table are listed.</summary>
    public bool Has(MirroredTable table) => _lists.ContainsKey(table.Entity);

    /// <summary>Lists the rows of a table.</summary>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="table">The table; not listed yet.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task ListAsync(NpgsqlConnection connection, MirroredTable table, CancellationToken cancellationToken)
    {
        var list = Identifier.Quote(StagingTable.Schema, $"edits_{Guid.NewGuid():N}");
        await connection.ExecuteAsync(
            $"create unlogged table {list} as select t.{table.Key} as id from {table.Table} t where {LocalEditSql.IsEdited(table, "null::timestamptz")}",
            cancellationToken);
        _lists.Add(table.Entity, list);
    }

    /// <summary>
    /// Returns the condition that leaves the edited rows of a table out, or an empty text where they are not listed; <c>t</c> is the table. A row that this
    /// transaction itself has synced is no longer edited.
    /// </summary>
    public string Excluded(MirroredTable table)
    {
        if (!_lists.TryGetValue(table.Entity, out var list))
            return "";

        var isSyncedNow = $"{ClockSql.Stored(table.Target, "t", Clocks.SyncedAt)} is not distinct from {ClockSql.Cut(table.Target, Clocks.SyncedAt, "now()")}";
        return $"and ({isSyncedNow} or not exists (select from {list} e where e.id = t.{table.Key}))";
    }

    /// <summary>Drops the lists.</summary>
    public async Task DropAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (_lists.Count > 0)
            await connection.ExecuteAsync($"drop table {string.Join(", ", _lists.Values)}", cancellationToken);
    }
}
