using System.Net;
using BubbleSync.Etl.Settings;
using BubbleSync.Server;
using BubbleSync.Server.Apps;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace BubbleSync.Tests.Server;

/// <summary>A server on a free port in this process, over a simulator and a fresh database, made as the program makes it.</summary>
internal sealed class ServerFixture : IAsyncDisposable
{
    /// <summary>The name of its app.</summary>
    public const string App = "main";

    private readonly WebApplication _server;

    private ServerFixture(SyncFixture sync, WebApplication server, string? key)
    {
        (Sync, _server) = (sync, server);
        Address = new Uri(server.Urls.First());
        Api = new ServerClient(Address, key);
    }

    /// <summary>The simulator and the database.</summary>
    public SyncFixture Sync { get; }

    /// <summary>Where the server listens.</summary>
    public Uri Address { get; }

    /// <summary>The API, with the key of the server.</summary>
    public ServerClient Api { get; }

    /// <summary>Ends with the test.</summary>
    public CancellationToken Limit => Sync.Limit;

    /// <summary>Starts one.</summary>
    /// <param name="postgres">The database server.</param>
    /// <param name="server">Changes the settings of the server.</param>
    /// <param name="setup">Changes anything else.</param>
    /// <param name="options">The simulated app.</param>
    public static async Task<ServerFixture> StartAsync(
        PostgresFixture postgres, ServerSettings? server = null, Func<ServerSetup, ServerSetup>? setup = null, SimulatorOptions? options = null)
    {
        var sync = await SyncFixture.OpenAsync(postgres, options);
        return await StartAsync(sync, server, setup);
    }

    /// <summary>Starts one over what is there already.</summary>
    public static async Task<ServerFixture> StartAsync(SyncFixture sync, ServerSettings? server = null, Func<ServerSetup, ServerSetup>? setup = null)
    {
        var settings = server ?? new ServerSettings();
        var made = new ServerSetup(
            [new AppSettings(App, sync.Settings with { Server = settings })], settings, new Uri($"http://{IPAddress.Loopback}:0"))
        {
            Logging = logging => logging.Services.Remove(logging.Services.Last(s => s.ServiceType == typeof(Microsoft.Extensions.Logging.ILoggerProvider))),
        };
        var app = ServerHost.Build(setup?.Invoke(made) ?? made);
        await app.StartAsync(sync.Limit);
        return new ServerFixture(sync, app, settings.AccessKey);
    }

    /// <summary>A service of the server.</summary>
    public T Get<T>()
        where T : notnull => _server.Services.GetRequiredService<T>();

    /// <summary>Ends the server as a signal does; the database stays.</summary>
    public Task StopAsync() => _server.StopAsync(Limit);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await _server.DisposeAsync();
        await Sync.DisposeAsync();
    }
}
