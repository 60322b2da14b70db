using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Patch;

/// <summary>Runs patches, each in the caller's transaction.</summary>
internal sealed class PatchRunner(string schema, IReadOnlySet<string> tables, Guid runId)
{
    private const int MostReported = 1000;

    /// <summary>Runs one patch inside the transaction that the connection has. What PostgreSQL refuses is thrown; the caller ends the transaction.</summary>
    public async Task<PatchReport> RunAsync(PatchFile patch, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (patch.Tables.FirstOrDefault(t => !tables.Contains(t)) is { } missing)
            return new PatchReport(patch.Name, "skipped", 0, $"there is no table '{missing}' in schema '{schema}'");

        if (PatchStatements.TransactionWord(patch.Sql) is { } word)
            return new PatchReport(patch.Name, "failed", 0, $"'{word}' has no place in a patch, which is one transaction; take it out");

        await connection.ExecuteAsync($"set local search_path = {Identifier.Quote(schema)}", cancellationToken);
        var rows = PatchStatements.IsEmpty(patch.Sql) ? 0 : await connection.ExecuteAsync(PatchStatements.Sendable(patch.Sql), cancellationToken);
        if (patch.Report is not null)
            await ReportAsync(patch, connection, cancellationToken);
        return new PatchReport(patch.Name, "succeeded", rows, null);
    }

    private async Task ReportAsync(PatchFile patch, NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await connection.ExecuteAsync(
            $"""
            insert into bubblesync.activity_log (run_id, level, stage, entity, bubble_id, message)
            select @run, 'warning', 'patch', r.entity, r.bubble_id, @patch || ': ' || r.message
            from (
            {patch.Report!.Trim().TrimEnd(';')}
            ) as r (entity, bubble_id, message) limit {MostReported}
            """,
            cancellationToken, ("run", runId), ("patch", patch.Name));
}
