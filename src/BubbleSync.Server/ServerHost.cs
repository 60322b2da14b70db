using System.Text.Json.Serialization;
using BubbleSync.Etl.Reports;
using BubbleSync.Server.Api;
using BubbleSync.Server.Changes;
using BubbleSync.Server.Page;
using BubbleSync.Server.Runs;
using BubbleSync.Server.Safety;
using BubbleSync.Server.Schedules;
using BubbleSync.Server.Webhooks;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Console;

namespace BubbleSync.Server;

/// <summary>Puts the server together.</summary>
internal static class ServerHost
{
    /// <summary>Builds it; start it to listen.</summary>
    public static WebApplication Build(ServerSetup setup)
    {
        var builder = WebApplication.CreateEmptyBuilder(new()
        {
            // Files of the page are found by the name of the program, whatever process it runs in.
            ApplicationName = typeof(ServerHost).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().UseUrls(setup.Address.ToString());
        AddLogging(builder.Logging, setup);
        AddServices(builder, setup);
        builder.AddSafety(setup);
        builder.AddPage();
        var app = builder.Build();
        Use(app);
        return app;
    }

    private static void AddLogging(ILoggingBuilder logging, ServerSetup setup)
    {
        // Stdout has the one line with the address.
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss'Z' ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("BubbleSync.Etl", LogLevel.Warning);
        setup.Logging?.Invoke(logging);
    }

    private static void AddServices(WebApplicationBuilder builder, ServerSetup setup)
    {
        var services = builder.Services;
        services.AddSingleton(setup.Clock);
        services.AddSingleton(provider => new RunRegistry(setup.Apps, setup.Clock, provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton<ScheduleService>().AddSingleton<ChangeService>();
        services.AddSingleton(provider => new WebhookSender(setup.Clock, provider.GetRequiredService<ILogger<WebhookSender>>()));
        // The last one stops first: runs end while everything they need is still there.
        services.AddHostedService<WebhookService>().AddHostedService<RunService>().AddHostedService<ResumeService>();
        services.AddHostedService(provider => provider.GetRequiredService<ScheduleService>());
        services.AddHostedService(provider => provider.GetRequiredService<ChangeService>());
        services.Configure<HostOptions>(host => host.ShutdownTimeout = RunService.Grace + TimeSpan.FromSeconds(30));
        services.AddHealthChecks().AddCheck<DatabaseCheck>("databases");
        services.AddMonitoring();
        services.AddProblemDetails().AddExceptionHandler<SyncProblems>();
        services.AddOpenApi("v1");
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Clear();
            json.SerializerOptions.TypeInfoResolverChain.Add(ServerJson.Default);
            ReportJson.AddTo(json.SerializerOptions);
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        });
        services.AddRoutingCore();
    }

    private static void Use(WebApplication app)
    {
        app.UseHostFiltering();
        app.UseSecurityHeaders();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseRouting();
        app.UseRequestTimeouts();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.UseRateLimiter();
        app.MapHealthChecks("/healthz", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/readyz");
        app.MapOpenApi("/openapi/{documentName}.json").RequireAuthorization();
        var api = app.MapGroup("/api/v1").RequireAuthorization();
        api.MapApps();
        api.MapAudits();
        api.MapRuns();
        app.MapPage();
    }
}
