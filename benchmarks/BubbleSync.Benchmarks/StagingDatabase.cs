using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Staging;
using BubbleSync.Etl.Transform;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace BubbleSync.Benchmarks;

/// <summary>The embedded PostgreSQL with the target tables and one entity's staging in it, and one connection.</summary>
internal sealed class StagingDatabase : IAsyncDisposable
{
    private readonly EmbeddedPostgresServer _server;
    private readonly SyncTarget _target;

    private StagingDatabase(EmbeddedPostgresServer server, SyncTarget target, NpgsqlConnection connection, EntityPlan plan)
    {
        (_server, _target, Connection) = (server, target, connection);
        Staging = new StagingTable(plan, Guid.CreateVersion7()) { IsMade = true };
    }

    public NpgsqlConnection Connection { get; }

    public StagingTable Staging { get; }

    public EntityPlan Plan => Staging.Plan;

    public static async Task<StagingDatabase> OpenAsync(string entity)
    {
        var home = Environment.GetEnvironmentVariable("BUBBLESYNC_HOME") is { Length: > 0 } set ? set : ".bubblesync";
        var server = await EmbeddedPostgresServer.StartAsync(
            new() { Folder = Path.Combine(home, $"postgres-{Environment.ProcessId}"), Temporary = true }, CancellationToken.None);
        var settings = SettingsFile.Read(
            Path.Combine(AppContext.BaseDirectory, "config", "bubblesync.json"), new Dictionary<string, string>(), new Dictionary<string, string>());
        settings = settings with { Postgres = settings.Postgres with { ConnectionString = server.ConnectionString } };
        await new SyncEngine(settings).ApplySchemaAsync(CancellationToken.None);
        var target = await SyncTarget.OpenAsync(settings, "benchmark", NullLogger.Instance, CancellationToken.None);
        await target.EnsureControlTablesAsync(CancellationToken.None);
        var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync(CancellationToken.None);
        var database = new StagingDatabase(server, target, connection, target.Plan([entity]).ThrowIfInvalid().Entities[0]);
        // As in the transactions of a run.
        await database.ExecuteAsync("set jit = off; set work_mem = '32MB'");
        await database.ExecuteAsync(SqlStatements.AsOne(StagingTable.CreateAll([database.Staging])));
        return database;
    }

    /// <summary>Maps a page and copies it, as a run does.</summary>
    public async Task StageAsync(RecordMapper mapper, PageRead page)
    {
        using var batch = mapper.Map(page).Batch;
        await Connection.CopyAsync(Staging.Copy, batch.Rows, CancellationToken.None);
    }

    public Task<long> ExecuteAsync(string sql) => Connection.ExecuteAsync(sql, CancellationToken.None);

    public async Task<T> ScalarAsync<T>(string sql) => (await Connection.ScalarAsync<T>(sql, CancellationToken.None))!;

    /// <summary>The ids that are staged.</summary>
    public Task<List<string>> IdsAsync() => Connection.RowsAsync($"select {Plan.Key.Quoted} from {Staging.Name}", r => r.GetString(0), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        await _target.DisposeAsync();
        await _server.DisposeAsync();
    }
}
