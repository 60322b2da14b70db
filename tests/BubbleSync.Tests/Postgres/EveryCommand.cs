using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Postgres;

/// <summary>All commands that use the database, one after the other, over a database without tables.</summary>
internal static class EveryCommand
{
    private const int Broken = 100;

    private static readonly string Long = new('x', 10_000);

    /// <summary>Runs them and checks that each does what it is for.</summary>
    /// <param name="fixture">The fixture; its app has invoices, and its windows are small.</param>
    /// <param name="between">Called after each command.</param>
    public static async Task AssertAsync(SyncFixture fixture, Func<Task>? between = null)
    {
        var engine = fixture.Engine();

        Assert.Equal(8, (await Then(engine.ApplySchemaAsync(fixture.Limit))).Count);
        var examined = await Then(engine.ExamineAsync(fixture.Limit));
        Assert.True(examined.Success, string.Join('\n', examined.Checks.Where(c => c.Status == CheckStatus.Failed)));
        Assert.True((await Then(engine.PlanAsync([], fixture.Limit))).Calls > 0);

        Assert.Equal(RunStatus.Succeeded, (await Then(fixture.ResyncAsync(new ResyncOptions { DryRun = true }))).Status);
        Assert.Equal(RunStatus.Failed, (await Then(fixture.ResyncAsync(new ResyncOptions { MaxCalls = 40 }))).Status);
        var resumed = await Then(fixture.ResyncAsync(new ResyncOptions { Resume = true }));
        Assert.True(resumed.Status == RunStatus.Succeeded, resumed.ToJson());

        var invoice = fixture.Bubble.Records.At("invoice", 0);
        Assert.True((await Then(engine.SyncInvoicesAsync([Id(invoice)], new InvoiceSyncOptions { Force = true }, null, fixture.Limit))).Success);
        Assert.True((await Then(engine.SyncRangeAsync(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(90), false, null, fixture.Limit))).Success);
        Assert.Equal(RunStatus.Succeeded, (await Then(engine.SyncIncrementalAsync(new IncrementalOptions(), null, fixture.Limit))).Status);

        Assert.True((await Then(engine.StatusAsync(new StatusOptions(), fixture.Limit))).Success);
        Assert.Single((await Then(engine.ResetWatermarksAsync(["agent"], DateTimeOffset.UnixEpoch, fixture.Limit))).Entities);

        Assert.True((await Then(engine.VerifyAsync(new VerifyOptions(), null, fixture.Limit))).Success);
        Assert.NotEmpty((await Then(engine.AuditFieldsAsync([], null, fixture.Limit))).Rows);
        Assert.True((await Then(engine.AuditValuesAsync(new ValueAuditOptions(), null, fixture.Limit))).Rows > 0);
        Assert.NotNull(await Then(engine.AuditLinksAsync(new LinkAuditOptions { Ask = true }, fixture.Limit)));
        Assert.NotEmpty((await Then(engine.AuditSchemaAsync(new SchemaAuditOptions(), fixture.Limit))).Entities);

        await fixture.ExecuteAsync("alter table agent drop column banker");
        Assert.True((await Then(engine.AuditSchemaAsync(new SchemaAuditOptions { Apply = true }, fixture.Limit))).Applied > 0);
        const string Added = "select atttypid::regtype::text from pg_attribute where attrelid = 'agent'::regclass and attname = 'banker'";
        Assert.Equal("text", await fixture.ScalarAsync<string>(Added));

        // Everything that follows runs with views on the tables.
        Assert.NotEmpty((await Then(engine.ApplySchemaAsync(new SchemaOptions { Views = true }, fixture.Limit))).Views);

        await fixture.ExecuteAsync("update bubblesync.source set address = 'https://moved.example.com'");
        Assert.Equal(RunStatus.Succeeded, (await Then(fixture.ResyncAsync(new ResyncOptions { AcceptSource = true }))).Status);

        PutBroken(fixture);
        var rejected = await Then(fixture.ResyncAsync(new ResyncOptions { Prune = PruneMode.Soft }));
        Assert.Equal((RunStatus.Partial, 2L * Broken), (rejected.Status, rejected.Entities.Sum(e => e.Rejected)));
        Assert.Equal(2L * Broken, (await Then(engine.ReprocessAsync("last", false, fixture.Limit))).Entities.Sum(e => e.Rejected));
        Assert.Equal(RunStatus.Succeeded, (await Then(engine.PatchAsync([], fixture.Limit))).Status);

        await using (var archive = await engine.OpenArchiveAsync(fixture.Limit))
        {
            Assert.NotEmpty(await archive.ListAsync(50, null, null, fixture.Limit));
            Assert.Equal(RunKind.Patch, (await archive.ShowAsync("last", fixture.Limit)).Kind);
            Assert.NotEmpty(await (await archive.FollowAsync($"{rejected.RunId}", null, null, TimeProvider.System, fixture.Limit)).ToListAsync(fixture.Limit));
            Assert.Equal(2 * Broken, await (await archive.RejectedAsync($"{rejected.RunId}", null, fixture.Limit)).CountAsync(fixture.Limit));
        }

        Assert.Empty(await fixture.StagingAsync());

        async Task<T> Then<T>(Task<T> command)
        {
            var result = await command;
            await (between?.Invoke() ?? Task.CompletedTask);
            return result;
        }
    }

    // Large enough that staging them takes a session before the last of them is read.
    private static void PutBroken(SyncFixture fixture)
    {
        for (var number = 1; number <= Broken; number++)
        {
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Late, $"\"Commission\": \"twelve\", \"Address\": \"{Long}\""));
            fixture.Put("payment", SyncFixture.Record(number, SyncFixture.Late, $"\"Amount\": \"much\", \"Remark\": \"{Long}\""));
        }
    }

    private static string Id(string record) => System.Text.Json.JsonDocument.Parse(record).RootElement.GetProperty("_id").GetString()!;
}
