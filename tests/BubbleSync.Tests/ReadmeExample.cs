using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Tests;

/// <summary>The example of README.md, line by line; <c>dotnet BubbleSync.Tests.dll readme-example</c> runs it.</summary>
internal static class ReadmeExample
{
    public static async Task RunAsync()
    {
        var settings = SettingsFile.Read("config/bubblesync.json", new Dictionary<string, string>(), Environment.GetEnvironmentVariables());
        var engine = new SyncEngine(settings, TimeProvider.System);
        using var limit = new CancellationTokenSource(TimeSpan.FromHours(1));
        var progress = new Progress<RunProgress>(p => Console.Error.WriteLine($"{p.Entities.Sum(e => e.Read)} records, {p.Api.Calls} calls"));
        RunReport report = await engine.ResyncAsync(new ResyncOptions { Entities = ["invoice"] }, progress, limit.Token);
        Console.WriteLine($"{report.Status}: {report.Entities[0].Inserted} new invoices");
        RangeSyncReport range = await engine.SyncRangeAsync(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow(), force: false, progress, limit.Token);
        Console.WriteLine($"{range.Results.Total} of them changed since yesterday");
    }
}
