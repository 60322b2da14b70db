using BubbleSync.Etl;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Postgres;

/// <summary>All commands that use the database, one after the other, over a database without tables.</summary>
internal static class EveryCommand
{
    private const int Broken = 100;

    private static readonly string Long = new('x', 10_000);

    /// <summary>Runs them and checks that each does what it is for.</summary>
    /// <param name="scene">The scene; its app has invoices, and its windows are small.</param>
    /// <param name="between">Called after each command.</param>
    public static async Task AssertAsync(Scene scene, Func<Task>? between = null)
    {
        var engine = scene.Engine();

        Assert.Equal(8, (await Then(engine.ApplySchemaAsync(scene.Limit))).Count);
        var examined = await Then(engine.ExamineAsync(scene.Limit));
        Assert.True(examined.Success, string.Join('\n', examined.Checks.Where(c => c.Status == "failed")));
        Assert.True((await Then(engine.PlanAsync([], scene.Limit))).Calls > 0);

        Assert.Equal("succeeded", (await Then(scene.ResyncAsync(new ResyncOptions { DryRun = true }))).Status);
        Assert.Equal("failed", (await Then(scene.ResyncAsync(new ResyncOptions { MaxCalls = 40 }))).Status);
        var resumed = await Then(scene.ResyncAsync(new ResyncOptions { Resume = true }));
        Assert.True(resumed.Status == "succeeded", resumed.ToJson());

        var invoice = scene.Bubble.Records.At("invoice", 0);
        Assert.True((await Then(engine.SyncInvoicesAsync([Id(invoice)], new InvoiceSyncOptions { Force = true }, null, scene.Limit))).Success);
        Assert.True((await Then(engine.SyncRangeAsync(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(90), false, null, scene.Limit))).Success);
        Assert.Equal("succeeded", (await Then(engine.SyncIncrementalAsync(new IncrementalOptions(), null, scene.Limit))).Status);

        Assert.True((await Then(engine.VerifyAsync(new VerifyOptions(), null, scene.Limit))).Success);
        Assert.NotEmpty((await Then(engine.AuditFieldsAsync([], null, scene.Limit))).Rows);
        Assert.True((await Then(engine.AuditValuesAsync(new ValueAuditOptions(), null, scene.Limit))).Rows > 0);
        Assert.NotNull(await Then(engine.AuditLinksAsync(new LinkAuditOptions { Ask = true }, scene.Limit)));
        Assert.NotEmpty((await Then(engine.AuditSchemaAsync(new SchemaAuditOptions(), scene.Limit))).Entities);

        PutBroken(scene);
        var rejected = await Then(scene.ResyncAsync(new ResyncOptions { Prune = PruneMode.Soft }));
        Assert.Equal(("partial", 2L * Broken), (rejected.Status, rejected.Entities.Sum(e => e.Rejected)));
        Assert.Equal(2L * Broken, (await Then(engine.ReprocessAsync("last", false, scene.Limit))).Entities.Sum(e => e.Rejected));
        Assert.Equal("succeeded", (await Then(engine.PatchAsync([], scene.Limit))).Status);

        await using (var archive = await engine.OpenArchiveAsync(scene.Limit))
        {
            Assert.NotEmpty(await archive.ListAsync(50, null, null, scene.Limit));
            Assert.Equal("patch", (await archive.ShowAsync("last", scene.Limit)).Kind);
            Assert.NotEmpty(await (await archive.FollowAsync($"{rejected.RunId}", null, null, TimeProvider.System, scene.Limit)).ToListAsync(scene.Limit));
            Assert.Equal(2 * Broken, await (await archive.RejectedAsync($"{rejected.RunId}", null, scene.Limit)).CountAsync(scene.Limit));
        }

        Assert.Empty(await scene.StagingAsync());

        async Task<T> Then<T>(Task<T> command)
        {
            var result = await command;
            await (between?.Invoke() ?? Task.CompletedTask);
            return result;
        }
    }

    // Large enough that staging them takes a session before the last of them is read.
    private static void PutBroken(Scene scene)
    {
        for (var number = 1; number <= Broken; number++)
        {
            scene.Put("agent", Scene.Record(number, Scene.Late, $"\"Commission\": \"twelve\", \"Address\": \"{Long}\""));
            scene.Put("payment", Scene.Record(number, Scene.Late, $"\"Amount\": \"much\", \"Remark\": \"{Long}\""));
        }
    }

    private static string Id(string record) => System.Text.Json.JsonDocument.Parse(record).RootElement.GetProperty("_id").GetString()!;
}
