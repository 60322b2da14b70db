using System.Data;
using BubbleSync.Etl.Mapping;
using BubbleSync.Etl.Merge;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Staging;
using BubbleSync.Etl.Transform;
using Microsoft.Extensions.Logging.Abstractions;

namespace BubbleSync.Benchmarks.Rivals;

/// <summary>The product's own way, by its own classes: maps pages, stages them in windows, reads staging back, and merges.</summary>
internal sealed class BubblesyncLoader(SyncTarget target) : ILoader
{
    private const int PagesOfWindow = 50;

    private readonly EntityPlan _plan = target.Plan([Items.Entity]).ThrowIfInvalid().Entities[0];

    public static async Task<ILoader> OpenAsync(string connectionString)
    {
        var target = await SyncTarget.OpenAsync(Settings(connectionString), "benchmark", NullLogger.Instance, CancellationToken.None);
        await target.EnsureControlTablesAsync(CancellationToken.None);
        return new BubblesyncLoader(target);
    }

    /// <summary>The settings that are shipped, over the database of a connection string.</summary>
    public static SyncSettings Settings(string connectionString)
    {
        var settings = SettingsFile.Read(
            Path.Combine(AppContext.BaseDirectory, "config", "bubblesync.json"), new Dictionary<string, string>(), new Dictionary<string, string>());
        return settings with { Postgres = settings.Postgres with { ConnectionString = connectionString } };
    }

    public async Task LoadAsync(Items items)
    {
        var staging = new StagingTable(_plan, Guid.CreateVersion7()) { IsMade = true };
        await ExecuteAsync(SqlStatements.AsOne(StagingTable.CreateAll([staging])));
        await using (var writer = new StagingWriter(target.Database, staging, (_, _, _, _) => Task.CompletedTask))
        {
            await StageAsync(items.Pages, writer);
            await MergeAsync(staging, writer.Staged);
        }

        await ExecuteAsync(staging.Drop);
    }

    public ValueTask DisposeAsync() => target.DisposeAsync();

    private async Task StageAsync(IReadOnlyList<byte[]> pages, StagingWriter writer)
    {
        var mapper = new RecordMapper(_plan);
        var order = 1L;
        foreach (var window in pages.Chunk(PagesOfWindow))
        {
            var reading = new WindowReading(new Window(WindowKind.Undated, null, null), 1);
            foreach (var body in window)
            {
                await writer.WriteAsync(mapper.Map(PageSource.Page(body, reading, order)), CancellationToken.None);
                order += PageSource.Size;
            }

            var result = new ReadingResult(Outcome.Verified, null, window.Length, null, null);
            await writer.WriteAsync(new ReadingEnded(reading, window.Length, result), CancellationToken.None);
        }
    }

    private async Task MergeAsync(StagingTable staging, StagedTotal staged)
    {
        var merger = new Merger(_plan, staging, Guid.CreateVersion7(), force: false, isDry: false, notesRows: true, "run it again");
        await using var session = await target.Database.BeginAsync(IsolationLevel.RepeatableRead, CancellationToken.None);
        if (await merger.MergeAsync(session.Connection, staged, null, isAll: false, MergeSteps.AtOnce, CancellationToken.None) is not { Prepared.Rejected: 0 })
            throw new InvalidOperationException("The product rejected records of the simulator.");
        await session.CommitAsync(CancellationToken.None);
    }

    private Task<long> ExecuteAsync(string sql) => target.Database.RunAsync(c => c.ExecuteAsync(sql, CancellationToken.None), CancellationToken.None);
}
