using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using Npgsql;

namespace BubbleSync.Etl.Merge.Patches;

/// <summary>Runs patches, each in the caller's transaction.</summary>
internal sealed class PatchRunner(string schema, IReadOnlySet<string> tables, Guid runId)
{
    private const int MostReported = 1000;

    /// <summary>Runs one patch inside the transaction that the connection has. What PostgreSQL refuses is thrown; the caller ends the transaction.</summary>
    /// <param name="patch">The patch.</param>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="isShared">Whether the transaction continues if the patch fails, as in a dry run.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<PatchReport> RunAsync(PatchFile patch, NpgsqlConnection connection, bool isShared, CancellationToken cancellationToken)
    {
        if (patch.Tables.FirstOrDefault(t => !tables.Contains(t)) is { } missing)
            return new PatchReport(patch.Name, PatchStatus.Skipped, 0, $"there is no table '{missing}' in schema '{schema}'");

        if (patch.Fault is { } fault)
            return new PatchReport(patch.Name, PatchStatus.Failed, 0, fault);

        await connection.ExecuteAsync($"set local search_path = {Identifier.Quote(schema)}", cancellationToken);
        var rows = SqlStatements.IsEmpty(patch.Sql) ? 0
            : isShared ? await RunContainedAsync(patch.Sql, connection, cancellationToken)
            : await connection.ExecuteAsync(SqlStatements.Sendable(patch.Sql), cancellationToken);
        if (patch.Report is not null)
            await ReportAsync(patch, connection, cancellationToken);
        return new PatchReport(patch.Name, PatchStatus.Succeeded, rows, null);
    }

    private static async Task<long> RunContainedAsync(string sql, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var rows = 0L;
        try
        {
            foreach (var statement in SqlStatements.Contained(sql))
            {
                await connection.ExecuteAsync(statement, cancellationToken);
                rows += await connection.ScalarAsync<long>(SqlStatements.ChangedRows, cancellationToken);
            }
        }
        catch (PostgresException contained) when (contained is { SqlState: PostgresErrorCodes.RaiseException, Hint.Length: 5 })
        {
            throw new PostgresException(contained.MessageText, contained.Severity, contained.InvariantSeverity, contained.Hint!);
        }

        return rows;
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
