using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Preflight.Tables;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Preflight;

/// <summary>
/// Checks what a run needs of the database, changes nothing. <c>doctor</c> reports all of it; a run stops for the obstacles before anything is read from
/// Bubble.
/// </summary>
/// <param name="connection">A connection to the target with an open transaction.</param>
/// <param name="schema">The schema of the target tables.</param>
/// <param name="use">What is done with the tables.</param>
internal sealed class TargetPreflight(NpgsqlConnection connection, string schema, TargetUse use)
{
    private const string SchemaSql =
        """
        select n.oid is not null, coalesce(has_schema_privilege(n.oid, 'usage'), false), coalesce(has_schema_privilege(n.oid, 'create'), false),
               has_database_privilege(current_database(), 'create'), current_database()::text
        from (select) one left join pg_namespace n on n.nspname = @schema
        """;

    /// <summary>Whether all control tables were found; false until they are checked.</summary>
    public bool HasControlTables { get; private set; }

    /// <summary>Checks the database, the schema, the control tables and the tables of these entities.</summary>
    /// <param name="plans">The entities whose tables are there.</param>
    /// <param name="lacksTables">Whether tables are still to be made.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<IReadOnlyList<TargetFinding>> RunAsync(IReadOnlyList<EntityPlan> plans, bool lacksTables, CancellationToken cancellationToken)
    {
        var user = Identifier.Quote((await connection.ScalarAsync<string>("select current_user::text", cancellationToken))!);
        var tables = new TableChecks(connection, schema, use, user);
        if (!use.IsRecorded)
            return [await CheckSchemaAsync(lacksTables, user, cancellationToken), .. await tables.RunAsync(plans, null, cancellationToken)];

        List<TargetFinding> findings = [.. await new DatabaseChecks(connection).RunAsync(cancellationToken)];
        // Where nothing can be written, nothing can be tried.
        if (findings.Exists(f => f.Error is not null))
            return findings;

        findings.Add(await CheckSchemaAsync(lacksTables, user, cancellationToken));
        var control = new ControlTableChecks(connection);
        var controlTables = await control.RunAsync(plans, use, cancellationToken);
        var probe = controlTables.Error is null && control.AreThere ? new StatementProbe(connection, use.IsWritten) : null;
        findings.AddRange(await tables.RunAsync(plans, probe, cancellationToken));
        HasControlTables = control is { AreThere: true, AreMade: false } && controlTables.Error is null;
        await control.RemoveMadeAsync(cancellationToken);
        findings.Add(controlTables);
        return findings;
    }

    /// <summary>Checks whether the tables that are missing can be made; stops where there is an obstacle.</summary>
    /// <param name="lacksTables">Whether target tables are missing.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task RequireTablesCanBeMadeAsync(bool lacksTables, CancellationToken cancellationToken)
    {
        TargetFinding.ThrowIfAny(await new DatabaseChecks(connection).RunAsync(cancellationToken));
        var user = Identifier.Quote((await connection.ScalarAsync<string>("select current_user::text", cancellationToken))!);
        List<TargetFinding> findings = [await CheckSchemaAsync(lacksTables, user, cancellationToken)];
        // Where all control tables are there, what runs need of them is not needed here.
        if (!await ControlTables.IsCurrentAsync(connection, cancellationToken))
        {
            var control = new ControlTableChecks(connection);
            findings.Add(await control.RunAsync([], use, cancellationToken));
            await control.RemoveMadeAsync(cancellationToken);
        }

        TargetFinding.ThrowIfAny(findings);
    }

    private async Task<TargetFinding> CheckSchemaAsync(bool lacksTables, string user, CancellationToken cancellationToken)
    {
        var (isThere, canUse, canCreate, canMake, database) = (await connection.RowsAsync(
            SchemaSql, r => (r.GetBoolean(0), r.GetBoolean(1), r.GetBoolean(2), r.GetBoolean(3), r.GetString(4)), cancellationToken, ("schema", schema)))[0];
        var name = $"rights on schema {schema}";
        if (!isThere)
        {
            return canMake
                ? new TargetFinding(name, "can be made")
                : TargetFinding.Obstacle(name, ErrorCode.TargetRights, null, $"the user may not make schema {schema}. Grant it: grant create on database "
                    + $"{Identifier.Quote(database)} to {user};");
        }

        string[] lacking = [.. canUse ? Array.Empty<string>() : ["usage"], .. canCreate || !lacksTables ? Array.Empty<string>() : ["create"]];
        if (lacking.Length > 0)
        {
            var rights = string.Join(", ", lacking);
            return TargetFinding.Obstacle(
                name, ErrorCode.TargetRights, null,
                $"the user lacks {rights} on schema {schema}. Grant it: grant {rights} on schema {Identifier.Quote(schema)} to {user};");
        }

        return new TargetFinding(name, lacksTables ? "may be used, and tables made there" : "may be used");
    }
}
