using System.Net;
using BubbleSync.Simulator.Faults;
using BubbleSync.Simulator.Generation;
using BubbleSync.Simulator.Serving;
using BubbleSync.Simulator.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BubbleSync.Simulator;

/// <summary>A Bubble app's Data API on the loopback address, with records of its own.</summary>
public sealed class SimulatorServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SimulatorServer(WebApplication app, Library library, SimulatorTraffic traffic)
    {
        (_app, Traffic) = (app, traffic);
        Records = new(library);
        BaseUrl = new($"{app.Urls.First()}/version-test/api/1.1");
    }

    /// <summary>The root of the API, up to and including <c>/api/1.1</c>, as <c>Bubble:BaseUrl</c> wants it.</summary>
    public Uri BaseUrl { get; }

    /// <summary>The records it serves.</summary>
    public SimulatorRecords Records { get; }

    /// <summary>What was asked of it.</summary>
    public SimulatorTraffic Traffic { get; }

    /// <summary>Starts a simulator; it answers when this returns.</summary>
    /// <param name="options">How much it holds and how it behaves.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="ArgumentException">There is no such fault, or it cannot take its argument.</exception>
    public static async Task<SimulatorServer> StartAsync(SimulatorOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var faults = new FaultSettings(options.Faults, options.Seed);
        var dataset = new Dataset(options.Seed, options.Invoices, type => faults.Number("dense", type) ?? 0);
        var library = new Library(dataset, faults.Has("id-keys"), faults.Has("list-200") ? 200 : int.MaxValue);
        Seeding.Plant(library, faults, options.Seed);

        var traffic = new SimulatorTraffic(options.RecentRequests);
        var app = Build(options);
        app.Run(new Exchange(options, faults, new(options, faults, library, traffic), traffic, app.Lifetime.ApplicationStopping).HandleAsync);
        try
        {
            await app.StartAsync(cancellationToken);
            return new(app, library, traffic);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops at once; requests under way are dropped.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    // The empty builder reads no settings, writes no logs and leaves Ctrl+C to the program around it.
    private static WebApplication Build(SimulatorOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestLineSize = options.LongestRequestLine;
            kestrel.Limits.MaxRequestBufferSize = Math.Max(1024 * 1024, options.LongestRequestLine * 2);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, options.Port, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });
        return builder.Build();
    }
}
