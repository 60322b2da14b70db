using BubbleSync.Etl.Postgres;
using Npgsql;

namespace BubbleSync.Etl.Preflight;

/// <summary>Names the event trigger that refuses a table of the program's own.</summary>
internal static class EventTriggers
{
    private const string TriggersSql =
        """
        select e.evtname::text, p.proname::text, p.oid::regprocedure::text from pg_event_trigger e join pg_proc p on p.oid = e.evtfoid
        where e.evtenabled in ('O', 'A') and e.evtevent <> 'login' order by e.evtname
        """;

    /// <summary>Returns in words that an event trigger refused a statement; null where none did.</summary>
    /// <param name="connection">A connection that can be used again after the failure.</param>
    /// <param name="refused">The failure.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<string?> ExplainAsync(NpgsqlConnection connection, PostgresException refused, CancellationToken cancellationToken)
    {
        var triggers = await connection.RowsAsync(
            TriggersSql, r => (Name: r.GetString(0), Function: r.GetString(1), Signature: r.GetString(2)), cancellationToken);
        if (triggers.Find(t => IsIn(refused.Where, t.Function, t.Signature)) is not { Name: { } name } trigger)
            return null;

        return $"event trigger '{name}' refuses the tables that runs make for themselves: {refused.MessageText} ({refused.SqlState}). "
            + $"Let its function {trigger.Function} pass over the schemas bubblesync and bubblesync_staging, or switch it off: alter event trigger "
            + $"{Identifier.Quote(name)} disable;";
    }

    // The context of the error names the functions that were running: one of PL/pgSQL as regprocedure does, one of another language by its bare name.
    private static bool IsIn(string? context, string name, string signature) =>
        context is not null
        && (context.Contains($" {signature}", StringComparison.Ordinal) || context.Contains($"function \"{name}\"", StringComparison.Ordinal));
}
