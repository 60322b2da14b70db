using System.Collections;
using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;

namespace BubbleSync.Server.Apps;

/// <summary>The app of <c>--demo</c>: a simulated Bubble app and a private PostgreSQL, which end with the server.</summary>
internal sealed class DemoApp : IAsyncDisposable
{
    private const string Name = "demo";

    private readonly EmbeddedPostgresServer _database;
    private readonly SimulatorServer _bubble;

    private DemoApp(EmbeddedPostgresServer database, SimulatorServer bubble, AppSettings app) => (_database, _bubble, App) = (database, bubble, app);

    /// <summary>Its settings.</summary>
    public AppSettings App { get; }

    /// <summary>Starts both, and makes the tables. Rows of an earlier demo are deleted, because the simulated app is another one each time.</summary>
    public static async Task<DemoApp> StartAsync(string home, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(home, Name);
        var database = await EmbeddedPostgresServer.StartAsync(new EmbeddedPostgresOptions { Folder = folder, Fresh = true }, cancellationToken);
        SimulatorServer? bubble = null;
        try
        {
            bubble = await SimulatorServer.StartAsync(new SimulatorOptions(), cancellationToken);
            var settings = Settings(bubble, database, folder);
            await new SyncEngine(settings).ApplySchemaAsync(cancellationToken);
            return new DemoApp(database, bubble, new AppSettings(Name, settings));
        }
        catch
        {
            await (bubble?.DisposeAsync() ?? ValueTask.CompletedTask);
            await database.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _bubble.DisposeAsync();
        await _database.DisposeAsync();
    }

    // The shipped settings, not those of the user: the demo never uses a real app or database. The simulator has no rate limit.
    private static SyncSettings Settings(SimulatorServer bubble, EmbeddedPostgresServer database, string folder)
    {
        var shipped = SettingsFile.Read(
            Path.Combine(SettingsFile.ShippedFolder, "bubblesync.json"), new Dictionary<string, string>(), (IDictionary)new Dictionary<string, string>());
        return shipped with
        {
            Bubble = shipped.Bubble with { BaseUrl = bubble.BaseUrl, ApiToken = new SimulatorOptions().Token, RequestsPerMinute = 1_000_000 },
            Postgres = shipped.Postgres.Embedded(database.ConnectionString, folder),
        };
    }
}
