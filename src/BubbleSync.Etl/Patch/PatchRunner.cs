using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Patch;

/// <summary>Runs patches in order, each in its own transaction; one that fails stops neither the others nor the run.</summary>
internal sealed class PatchRunner(string schema, IReadOnlySet<string> tables, Guid runId)
{
    private const int MostReported = 1000;

    /// <summary>Runs one patch inside the transaction that the connection has.</summary>
    public async Task<PatchReport> RunAsync(PatchFile patch, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (patch.Tables.FirstOrDefault(t => !tables.Contains(t)) is { } missing)
            return new PatchReport(patch.Name, "skipped", 0, $"there is no table '{missing}' in schema '{schema}'");

        if (PatchStatements.TransactionWord(patch.Sql) is { } word)
            return new PatchReport(patch.Name, "failed", 0, $"'{word}' has no place in a patch, which is one transaction; take it out");

        // A savepoint serves where a dry run holds one transaction over everything; alone it is a transaction.
        await connection.ExecuteAsync("savepoint patch", cancellationToken);
        try
        {
            await connection.ExecuteAsync($"set local search_path = {Identifier.Quote(schema)}", cancellationToken);
            var rows = PatchStatements.IsEmpty(patch.Sql) ? 0 : await connection.ExecuteAsync(patch.Sql, cancellationToken);
            if (patch.Report is not null)
                await ReportAsync(patch, connection, cancellationToken);
            // A deferred constraint speaks up here, where the patch can still be taken back alone.
            await connection.ExecuteAsync("set constraints all immediate; release savepoint patch", cancellationToken);
            return new PatchReport(patch.Name, "succeeded", rows, null);
        }
        catch (PostgresException failure) when (!cancellationToken.IsCancellationRequested)
        {
            await connection.ExecuteAsync("rollback to savepoint patch", cancellationToken);
            // Others were in the way: the whole transaction is tried again.
            if (PostgresFailure.IsCollision(failure))
                throw;

            return new PatchReport(patch.Name, "failed", 0, $"{PostgresFailure.Said(failure)} ({failure.SqlState})");
        }
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
