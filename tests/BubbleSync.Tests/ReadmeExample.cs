using BubbleSync.Etl;
using BubbleSync.Etl.Config;

namespace BubbleSync.Tests;

/// <summary>The example of README.md, line by line; <c>dotnet BubbleSync.Tests.dll readme-example</c> runs it.</summary>
internal static class ReadmeExample
{
    public static async Task RunAsync()
    {
        var settings = SettingsFile.Read("config/bubblesync.json", new Dictionary<string, string>(), Environment.GetEnvironmentVariables());
        var engine = new SyncEngine(settings, TimeProvider.System);
        RunReport report = await engine.ResyncAsync(new ResyncOptions { Entities = ["invoice"] }, progress: null, CancellationToken.None);
        Console.WriteLine($"{report.Status}: {report.Entities[0].Inserted} new invoices");
    }
}
