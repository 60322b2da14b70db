using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Server.Runs;

namespace BubbleSync.Server.Api;

/// <summary>Adds to the tables what they lack: exactly the DDL that the user has seen, or nothing.</summary>
internal static class SchemaAdditions
{
    /// <summary>Runs the DDL if it is still what an audit proposes.</summary>
    /// <param name="worker">The app.</param>
    /// <param name="seen">The DDL that the user has seen.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The audit with the number of statements that were run; null where an audit proposes other DDL now, and nothing was run.</returns>
    public static async Task<SchemaAuditReport?> ApplyAsync(AppWorker worker, string seen, CancellationToken cancellationToken)
    {
        var now = await worker.Engine.AuditSchemaAsync(new SchemaAuditOptions(), cancellationToken);
        return now.Ddl == seen ? await worker.Engine.AuditSchemaAsync(new SchemaAuditOptions { Apply = true }, cancellationToken) : null;
    }
}
