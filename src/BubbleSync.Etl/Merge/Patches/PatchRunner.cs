using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using Npgsql;

namespace BubbleSync.Etl.Merge.Patches;

/// <summary>Runs patches, each in the caller's transaction.</summary>
/// <param name="scope">What the stage does.</param>
/// <param name="tables">The tables in its schema.</param>
/// <param name="hasTriggers">Whether triggers may write rows that a patch does not name.</param>
internal sealed class PatchRunner(PatchScope scope, IReadOnlySet<string> tables, bool hasTriggers)
{
    private const int MostReported = 1000;

    /// <summary>Runs one patch inside the transaction that the connection has. What PostgreSQL refuses is thrown; the caller ends the transaction.</summary>
    /// <param name="patch">The patch.</param>
    /// <param name="pass">What it looks at.</param>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="isShared">Whether the transaction continues if the patch fails, as in a dry run.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<PatchOutcome> RunAsync(
        PatchFile patch, PatchPass pass, NpgsqlConnection connection, bool isShared, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(
            "select set_config('search_path', @path, true), set_config('bubblesync.touched', @touched, true)", cancellationToken,
            ("path", Identifier.Quote(scope.Schema)), ("touched", pass.Setting(patch)));
        var written = new List<TouchedRow>();
        var rows = SqlStatements.IsEmpty(patch.Sql) ? 0
            : isShared ? await RunContainedAsync(patch.Sql, connection, cancellationToken)
            : await RunAsync(patch.Sql, connection, written, cancellationToken);
        if (patch.Report is not null)
            await ReportAsync(patch, connection, cancellationToken);
        var touched = new TouchedRows(scope.Schema, scope.RunId);
        if (written.Count > 0)
            await touched.NoteAsync(connection, written, cancellationToken);
        // It did not return all rows that it wrote, or triggers wrote others.
        var wroteOthers = rows > written.Count || (rows > 0 && hasTriggers);
        if (wroteOthers)
            await touched.NoteAllAsync(connection, patch.Name, cancellationToken);
        if (pass.IsFull(patch))
            await pass.NoteSeenAsync(connection, patch, cancellationToken);
        return new PatchOutcome(new PatchReport(patch.Name, PatchStatus.Succeeded, rows, null), written, wroteOthers);
    }

    /// <summary>Returns why a patch is not run at all; null if it is run.</summary>
    public PatchReport? Refuse(PatchFile patch) =>
        patch.Tables.FirstOrDefault(t => !tables.Contains(t)) is { } missing
            ? new PatchReport(patch.Name, PatchStatus.Skipped, 0, $"there is no table '{missing}' in schema '{scope.Schema}'")
        : patch.Fault is { } fault ? new PatchReport(patch.Name, PatchStatus.Failed, 0, fault)
        : null;

    // Rows that it returns as (entity, bubble_id) are rows that it wrote and that later patches are to look at.
    private static async Task<long> RunAsync(string sql, NpgsqlConnection connection, List<TouchedRow> written, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SqlStatements.Sendable(sql), connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        do
        {
            if (reader.FieldCount != 2 || reader.GetName(0) != "entity" || reader.GetName(1) != "bubble_id")
                continue;

            // One more than are listed shows that all rows are to be looked at.
            while (written.Count <= TouchedRows.MostListed && await reader.ReadAsync(cancellationToken))
            {
                if (reader.GetValue(0) is string entity && reader.GetValue(1) is string id)
                    written.Add(new TouchedRow(entity, id));
            }
        }
        while (await reader.NextResultAsync(cancellationToken));
        await reader.CloseAsync();
        return Math.Max(0, reader.RecordsAffected);
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
            cancellationToken, ("run", scope.RunId), ("patch", patch.Name));
}

/// <summary>The result of a patch.</summary>
/// <param name="Report">What the report says of it.</param>
/// <param name="Written">The rows that it returned as written.</param>
/// <param name="WroteOthers">Whether rows were written that it did not return.</param>
internal sealed record PatchOutcome(PatchReport Report, IReadOnlyList<TouchedRow> Written, bool WroteOthers);
