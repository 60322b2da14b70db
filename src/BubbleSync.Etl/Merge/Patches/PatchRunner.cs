using BubbleSync.Etl.Merge.Conflicts;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using Npgsql;

namespace BubbleSync.Etl.Merge.Patches;

/// <summary>Runs patches, each in the caller's transaction.</summary>
/// <param name="scope">What the stage does.</param>
/// <param name="tables">The tables in its schema.</param>
internal sealed class PatchRunner(PatchScope scope, IReadOnlySet<string> tables)
{
    private const int MostReported = 1000;

    /// <summary>Runs one patch inside the transaction that the connection has. What PostgreSQL refuses is thrown; the caller ends the transaction.</summary>
    /// <param name="patch">The patch.</param>
    /// <param name="pass">What it looks at.</param>
    /// <param name="connection">A connection with an open transaction.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<PatchOutcome> RunAsync(PatchFile patch, PatchPass pass, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(
            "select set_config('search_path', @path, true), set_config('bubblesync.touched', @touched, true)", cancellationToken,
            ("path", Identifier.Quote(scope.Schema)), ("touched", pass.Setting(patch)));
        var before = await WriteCounts.ReadAsync(connection, scope.Mirror, cancellationToken);
        var returned = new List<TouchedRow>();
        // In a dry run the transaction continues if the patch fails.
        var rows = SqlStatements.IsEmpty(patch.Sql) ? 0
            : pass.IsDryRun ? await RunContainedAsync(patch.Sql, connection, cancellationToken)
            : await RunAsync(patch.Sql, connection, returned, cancellationToken);
        // Runs triggers now that are deferred to the end of the transaction.
        if (scope.Mirror.Any(t => t.Target.MayBeStamped))
            await connection.ExecuteAsync("set constraints all immediate", cancellationToken);
        var after = await WriteCounts.ReadAsync(connection, scope.Mirror, cancellationToken);
        if (patch.Report is not null)
            await ReportAsync(patch, connection, cancellationToken);

        var entities = scope.Mirror.Select(t => t.Entity).ToHashSet();
        var written = returned.Where(r => entities.Contains(r.Entity)).ToList();
        var unknown = returned.Find(r => !entities.Contains(r.Entity)).Entity;
        var wroteOthers = unknown is not null || WroteOthers(before, after, written);
        if (wroteOthers || written.Count > 0)
            await new TouchedRows(scope.Schema, scope.RunId).NoteByPatchAsync(connection, patch.Name, written, wroteOthers, cancellationToken);
        if (pass.IsFull(patch))
            await pass.NoteSeenAsync(connection, patch, cancellationToken);
        return new PatchOutcome(new PatchReport(patch.Name, PatchStatus.Succeeded, rows, null), written, wroteOthers)
        {
            Warning = unknown is null ? null : UnknownEntity(patch, unknown),
        };
    }

    // Whether it wrote rows that it did not return: in a part of a statement, in a function, or by triggers. Where the server does not count writes
    // (track_counts is off), it may have.
    private bool WroteOthers(WriteCounts? before, WriteCounts? after, List<TouchedRow> returned)
    {
        if (scope.Mirror.Count == 0)
            return false;
        if (before is null || after is null)
            return true;

        var returnedOf = returned.CountBy(r => r.Entity).ToDictionary();
        return scope.Mirror.Any(t =>
            after.WrittenSince(before, t.Entity) + after.DeletedSince(before, t.Entity) > returnedOf.GetValueOrDefault(t.Entity));
    }

    private string UnknownEntity(PatchFile patch, string unknown) =>
        $"Patch {patch.Name} returns rows of '{unknown}', which is no entity; so all rows of all tables count as written. In its 'returning', "
        + $"write the name of the entity's map: {string.Join(", ", scope.Mirror.Select(t => t.Entity).Order(StringComparer.Ordinal))}.";

    /// <summary>Returns why a patch is not run at all; null if it is run.</summary>
    public PatchReport? Refuse(PatchFile patch) =>
        patch.Tables.FirstOrDefault(t => !tables.Contains(t)) is { } missing
            ? new PatchReport(patch.Name, PatchStatus.Skipped, 0, $"there is no table '{missing}' in schema '{scope.Schema}'")
        : patch.Fault is { } fault ? new PatchReport(patch.Name, PatchStatus.Failed, 0, fault)
        : null;

    // Rows that it returns as (entity, bubble_id) are rows that it wrote and that later patches are to look at.
    private static async Task<long> RunAsync(string sql, NpgsqlConnection connection, List<TouchedRow> returned, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SqlStatements.Sendable(sql), connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        do
        {
            if (reader.FieldCount != 2 || reader.GetName(0) != "entity" || reader.GetName(1) != "bubble_id")
                continue;

            // One more than are listed shows that all rows are to be looked at.
            while (returned.Count <= TouchedRows.MostListed && await reader.ReadAsync(cancellationToken))
            {
                if (reader.GetValue(0) is string entity && reader.GetValue(1) is string id)
                    returned.Add(new TouchedRow(entity, id));
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
internal sealed record PatchOutcome(PatchReport Report, IReadOnlyList<TouchedRow> Written, bool WroteOthers)
{
    /// <summary>What the patch does wrong, though it succeeded; or null.</summary>
    public string? Warning { get; init; }
}
