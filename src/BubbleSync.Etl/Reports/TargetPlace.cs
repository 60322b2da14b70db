using System.Text.Json.Serialization;
using static System.FormattableString;

namespace BubbleSync.Etl.Reports;

/// <summary>The place that a command writes or reads: server, database and schema. It says nothing of how to sign in.</summary>
/// <param name="Host">The host or the folder of a socket; several with commas between them.</param>
/// <param name="Port">The port; null where each of several hosts has its own.</param>
/// <param name="Database">The database.</param>
/// <param name="Schema">The schema of the target tables.</param>
/// <param name="EmbeddedFolder">The folder of the embedded PostgreSQL; null where the server is another one.</param>
public sealed record TargetPlace(string Host, int? Port, string Database, string Schema, string? EmbeddedFolder)
{
    /// <summary>The same in words. In no JSON.</summary>
    [JsonIgnore]
    public string Text => EmbeddedFolder is { } folder
        ? $"database {Database}, schema {Schema}, of the embedded PostgreSQL in {folder}"
        : $"{Host}{(Port is { } port ? Invariant($":{port}") : "")}, database {Database}, schema {Schema}";
}
