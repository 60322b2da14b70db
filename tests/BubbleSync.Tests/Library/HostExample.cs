using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace BubbleSync.Tests.Library;

/// <summary>The example of a host program in docs/library.md, line by line.</summary>
internal static class HostExample
{
    public static async Task RunAsync(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddBubbleSync(builder.Configuration.GetSection("BubbleSync"));
        using var host = builder.Build();
        await host.StartAsync();
        var engine = host.Services.GetRequiredService<SyncEngine>();
        RunReport report = await engine.SyncIncrementalAsync(new IncrementalOptions(), progress: null, CancellationToken.None);
        Console.WriteLine($"{report.Status}: {report.Read} records");
    }
}
