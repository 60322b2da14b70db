using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Words;
using Npgsql;

namespace BubbleSync.Etl.Preflight;

/// <summary>Checks what holds for the whole database: its encoding, and whether it can be written.</summary>
internal sealed class DatabaseChecks(NpgsqlConnection connection)
{
    private const string NatureSql =
        """
        select pg_encoding_to_char(d.encoding)::text, pg_is_in_recovery(),
               case when s.setting = 'on' then format('default_transaction_read_only is on, from: %s. %s', s.source, case s.source
                      when 'database' then format('Take it back: alter database %I reset default_transaction_read_only;', d.datname)
                      when 'user' then format('Take it back: alter role %I reset default_transaction_read_only;', session_user)
                      when 'database user' then
                        format('Take it back: alter role %I in database %I reset default_transaction_read_only;', session_user, d.datname)
                      when 'global' then 'Take it back: alter role all reset default_transaction_read_only;'
                      when 'configuration file' then 'Where alter system set it, take it back: alter system reset default_transaction_read_only; '
                        'select pg_reload_conf(); Otherwise set it to off in postgresql.conf, or at the hoster'
                      when 'client' then 'The connection itself asks for it: remove it from options in Postgres:ConnectionString, PGOPTIONS or the service file'
                      when 'session' then 'Another program set it in a session that a pooler hands on: let the pooler reset its sessions '
                        '(PgBouncer: server_reset_query_always = 1), or connect to the server itself'
                      else 'Set default_transaction_read_only = off there' end) end
        from pg_database d, pg_settings s where d.datname = current_database() and s.name = 'default_transaction_read_only'
        """;

    private const string Standby =
        "the server is a standby, which cannot be written. Connect to the primary: name its host, or several hosts in Postgres:ConnectionString, "
        + "of which the first writable one is used";

    /// <summary>Checks both.</summary>
    public async Task<IReadOnlyList<TargetFinding>> RunAsync(CancellationToken cancellationToken)
    {
        var (encoding, isStandby, readOnly) = (await connection.RowsAsync(
            NatureSql, r => (r.GetString(0), r.GetBoolean(1), r.IsDBNull(2) ? null : r.GetString(2)), cancellationToken))[0];
        // SQL_ASCII takes all bytes as they come, UTF8's too (manual, "Character Set Support").
        var holdsAll = encoding is "UTF8" or "SQL_ASCII";
        return
        [
            holdsAll
                ? new TargetFinding("encoding", encoding)
                : TargetFinding.Risk(
                    "encoding", $"{encoding} lacks characters that Bubble may send, and the first of them stops a run. "
                        + "Make a database with: create database … encoding 'UTF8' template template0;"),
            (isStandby ? Standby : readOnly) is { } obstacle
                ? TargetFinding.Obstacle("writing", ErrorCode.TargetReadOnly, null, obstacle)
                : new TargetFinding("writing", "allowed"),
        ];
    }
}
