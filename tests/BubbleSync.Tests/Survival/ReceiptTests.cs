using System.Text.Json;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Etl.Words;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>The proof of each entity, and that what is merged is what was read.</summary>
public sealed class ReceiptTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Every_entity_ends_with_a_proof_in_the_result_in_the_database_and_on_the_screen()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 12 });
        (string, string)[] windows = [("Bubble__WindowSize", "15"), ("Bubble__PageSize", "10")];

        var json = (await Bubblesync.RunAsync(fixture, windows, "resync", "--output", "json")).Json;
        var screen = (await Bubblesync.RunAsync(fixture, windows, "resync")).Output;

        var run = json.GetProperty("runId").GetString();
        foreach (var entity in json.GetProperty("entities").EnumerateArray())
        {
            var (name, proof) = (entity.GetProperty("name").GetString()!, entity.GetProperty("proof"));
            var count = fixture.Bubble.Records.Count(Maps.Of(name).Type);
            Assert.True(proof.GetProperty("isComplete").GetBoolean());
            Assert.All(["countedBefore", "countedAfter", "read", "staged"], counted =>
                Assert.Equal((name, count), (name, proof.GetProperty(counted).GetInt64())));
            Assert.Matches("^[0-9a-f]{16}$", proof.GetProperty("checksumRead").GetString()!);
            Assert.Equal(proof.GetProperty("checksumRead").GetString(), proof.GetProperty("checksumStored").GetString());
            Assert.True(JsonElement.DeepEquals(proof, JsonDocument.Parse((await fixture.ScalarAsync<string>("select proof::text from bubblesync.run_entity "
                + $"where run_id = '{run}' and entity = '{name}'"))!).RootElement));
            var proved = proof.GetProperty("windows").GetInt32();
            Assert.Equal(proved, await fixture.ScalarAsync<long>($"select count(*) from bubblesync.\"window\" where run_id = '{run}' and entity = '{name}' "
                + "and kind = 'created' and status = 'proved'"));
            Assert.Matches($@"\b{name} .* verified, {proved} window", screen);
        }
    }

    [Fact]
    public async Task The_same_data_have_the_same_checksum_in_every_run_resumed_or_not_and_other_data_have_another()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 })).With(windowSize: 8, pageSize: 5);
        using (var stop = new CancellationTokenSource())
        await using (var heldLock = await HeldLock.ShutAsync(fixture, "lock table agent in exclusive mode"))
        {
            var run = fixture.Engine().ResyncAsync(new ResyncOptions(), null, stop.Token);
            await fixture.UntilAsync("select count(distinct entity) = 8 from bubblesync.\"window\" where kind = 'modified'");
            await stop.CancelAsync();
            await run;
        }

        // Modified after the upper bound: the resumed run reads it twice.
        var edited = System.Text.Json.Nodes.JsonNode.Parse(fixture.Bubble.Records.At("invoice", 3))!.AsObject();
        edited["Modified Date"] = TimeProvider.System.GetUtcNow().AddMinutes(1).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null);
        fixture.Put("invoice", edited.ToJsonString());

        var resumed = await fixture.ResyncAsync(new ResyncOptions { Resume = true });
        var again = await fixture.With(windowSize: 30, pageSize: 7).ResyncAsync();
        fixture.Put("payment", SyncFixture.Record(1, SyncFixture.Early));
        var changed = await fixture.ResyncAsync();

        Assert.Equal(RunStatus.Succeeded, resumed.Status);
        Assert.True(resumed.Entities.Single(e => e.Name == "invoice") is { Staged: > 20, Extracted: 20 });
        Assert.Equal(Checksums(resumed), Checksums(again));
        Assert.Equal(["payment"], Checksums(changed).Except(Checksums(again)).Select(c => c.Split(' ')[0]));
    }

    [Theory]
    [InlineData("update {0} set amount = 1 where ctid in (select ctid from {0} limit 1)")]
    [InlineData("delete from {0} where ctid in (select ctid from {0} limit 1)")]
    [InlineData("insert into {0} select * from {0} limit 1")]
    [InlineData("truncate {0}")]
    public async Task What_changed_in_staging_since_it_was_read_is_not_merged_and_is_read_again(string sql)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 });
        // The merge of invoices waits for that of agents, which waits for the test.
        await using (var heldLock = await HeldLock.ShutAsync(fixture, "lock table agent in exclusive mode"))
        {
            var run = fixture.ResyncAsync("agent", "invoice");
            await fixture.UntilAsync("select exists (select from bubblesync.\"window\" where entity = 'invoice' and kind = 'modified')");
            await heldLock.SomebodyWaitsAsync();
            var table = (await fixture.StagingAsync())
                .Single(name => name.StartsWith("invoice_", StringComparison.Ordinal) && !name.EndsWith("_reject", StringComparison.Ordinal));
            await fixture.ExecuteAsync(sql.Replace("{0}", $"bubblesync_staging.\"{table}\"", StringComparison.Ordinal));
            await heldLock.DisposeAsync();

            var report = await run;
            Assert.Equal(RunStatus.Failed, report.Status);
            Assert.Contains(report.Errors, e => e is { Code: ErrorCode.StagingLost, Entity: "invoice", Stage: SyncStage.Load });
        }

        Assert.Equal("0|1", await fixture.RowAsync("select (select count(*) from invoice), (select count(*) from agent)"));
        var pages = new Pages(fixture);
        var resumed = await fixture.ResyncAsync(new ResyncOptions { Resume = true });

        Assert.Equal((RunStatus.Succeeded, 20L), (resumed.Status, resumed.Entities[1].Inserted));
        Assert.All(pages.Begun, window => Assert.StartsWith("invoice ", window, StringComparison.Ordinal));
        Assert.Equal(20, await fixture.ScalarAsync<long>("select count(distinct bubble_id) from invoice"));
    }

    private static List<string> Checksums(RunReport report) => [.. report.Entities.Select(e => $"{e.Name} {e.Proof!.ChecksumRead} {e.Proof.ChecksumStored}")];
}
