using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using Npgsql;

namespace BubbleSync.Etl.Journal.Kept;

/// <summary>The last audit of the fields of each entity, kept for reports.</summary>
internal sealed class FieldAudits(TargetDatabase database)
{
    // An audit works with a role that may only read, on a standby, and before the control tables are made.
    private const string MayKeepSql =
        """
        select not pg_is_in_recovery() and coalesce((
          select has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'insert') and has_table_privilege(c.oid, 'update')
            and not row_security_active(c.oid)
          from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'bubblesync' and c.relname = 'field_audit'), false)
          and current_setting('transaction_read_only') = 'off'
        """;

    private const string KeepSql =
        """
        insert into bubblesync.field_audit (target_schema, entity, report)
        select @schema, a.entity, a.report::jsonb from unnest(@entities, @reports) a (entity, report)
        on conflict (target_schema, entity) do update set at = excluded.at, report = excluded.report
        """;

    /// <summary>Keeps an audit in place of earlier ones of the same entities, if the role may write it.</summary>
    public async Task KeepAsync(FieldAuditReport report, CancellationToken cancellationToken)
    {
        try
        {
            await database.RunAsync(connection => KeepAsync(connection, report, cancellationToken), cancellationToken);
        }
        catch (Exception lost) when (lost is SyncException or NpgsqlException)
        {
            // The audit may have taken an hour, and its result is returned all the same.
        }
    }

    private async Task KeepAsync(NpgsqlConnection connection, FieldAuditReport report, CancellationToken cancellationToken)
    {
        if (!await connection.ScalarAsync<bool>(MayKeepSql, cancellationToken))
            return;

        await connection.ExecuteAsync(
            KeepSql, cancellationToken, ("schema", database.Schema), ("entities", report.Coverage.Select(c => c.Entity).ToArray()),
            ("reports", report.Coverage.Select(c => Of(report, c).ToJson()).ToArray()));
    }

    /// <summary>Returns the last audit of each entity, by its name.</summary>
    public async Task<IReadOnlyList<KeptFieldAudit>> ListAsync(CancellationToken cancellationToken) => await database.RunAsync(
        c => c.RowsAsync(
            "select at, report::text from bubblesync.field_audit where target_schema = @schema order by entity",
            r => new KeptFieldAudit(r.GetFieldValue<DateTimeOffset>(0), ReportJson.Read<FieldAuditReport>(r.GetString(1))),
            cancellationToken, ("schema", database.Schema)),
        cancellationToken);

    private static FieldAuditReport Of(FieldAuditReport report, FieldCoverage coverage) =>
        report with { Rows = [.. report.Rows.Where(r => r.Entity == coverage.Entity)], Coverage = [coverage], Total = coverage, Warnings = [] };
}
