using BubbleSync.Etl.Bubble;
using BubbleSync.Etl.Bubble.Throttling;
using BubbleSync.Etl.Extract;
using BubbleSync.Etl.Messages;
using BubbleSync.Etl.Pipeline;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Runs;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Plan;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>The bytes of pages in memory are bounded, whatever happens, and nothing waits for ever.</summary>
public sealed class MemoryBudgetTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Megabyte = 1024 * 1024;
    private const int RecordBytes = 100_000;
    private const int Records = 60;

    private static readonly DateTimeOffset End = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_budget_of_one_byte_holds_no_command_up()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 30 });
        fixture.With(windowSize: 20, pageSize: 5);
        WithBudget(fixture, 1);
        var engine = fixture.Engine();

        var resync = await fixture.ResyncAsync();
        var incremental = await engine.SyncIncrementalAsync(new IncrementalOptions(), null, fixture.Limit);
        var range = await engine.SyncRangeAsync(DateTimeOffset.UnixEpoch, End.AddYears(10), force: false, null, fixture.Limit);
        var verify = await engine.VerifyAsync(new VerifyOptions(), null, fixture.Limit);
        var sample = await engine.VerifyAsync(new VerifyOptions { Sample = new Limit(20, true) }, null, fixture.Limit);
        var fields = await engine.AuditFieldsAsync([], null, fixture.Limit);
        var doctor = await engine.ExamineAsync(fixture.Limit);
        var scaffold = await engine.ScaffoldAsync(new ScaffoldOptions { All = true, DryRun = true }, fixture.Limit);

        Assert.Equal([
            RunStatus.Succeeded, RunStatus.Succeeded, RunStatus.Succeeded, RunStatus.Succeeded,
        ], [resync.Status, incremental.Status, verify.Run.Status, sample.Run.Status]);
        Assert.Equal(30, resync.Entities.Single(e => e.Name == "invoice").Extracted);
        Assert.Equal(30, range.Results.Total);
        Assert.NotEmpty(fields.Rows);
        Assert.NotEmpty(doctor.Checks);
        Assert.NotNull(scaffold);
    }

    [Fact]
    public async Task A_record_of_20_MB_is_loaded_whatever_the_budget()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        WithBudget(fixture, Megabyte);
        fixture.Put("invoice", SyncFixture.Record(1, SyncFixture.Early, $"\"Description\": \"{new string('d', 20 * Megabyte)}\""));
        fixture.Put("invoice", SyncFixture.Record(2, SyncFixture.Early));

        var report = await fixture.ResyncAsync("invoice");

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal(20 * Megabyte, await fixture.ScalarAsync<int>("select max(length(description)) from invoice"));
        Assert.Equal(2, await fixture.ScalarAsync<long>("select count(*) from invoice"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Megabyte)]
    [InlineData(3 * Megabyte)]
    public async Task The_bytes_in_flight_never_exceed_the_budget_by_more_than_one_page(int budget)
    {
        await using var type = await LargeTypeAsync(budget);
        var (rows, largest) = (0L, 0L);

        await type.ReadAsync(async (reading, token) =>
        {
            if (reading is PageMapped { Batch: var batch })
            {
                using (batch)
                {
                    // Slower than the source, so that pages wait.
                    await Task.Delay(5, token);
                    Interlocked.Add(ref rows, batch.RowCount);
                    InterlockedMax(ref largest, batch.Rows.Length);
                }
            }
        });

        Assert.True(rows >= Records);
        Assert.InRange(type.Client.Budget.Peak, RecordBytes, budget + (long)(largest * 1.2) + RecordBytes);
        Assert.Equal(0, type.Client.Budget.Used);
    }

    [Fact]
    public async Task Large_records_come_in_smaller_pages_and_none_is_missed()
    {
        await using var type = await LargeTypeAsync(Megabyte);
        var pages = new List<int>();

        await type.ReadAsync((reading, _) =>
        {
            if (reading is PageMapped { Batch: var batch })
            {
                using (batch)
                {
                    lock (pages)
                        pages.Add(batch.RowCount);
                }
            }

            return Task.CompletedTask;
        });

        // The count of the whole type shows the size of its records before the first page.
        Assert.Equal(Megabyte / RecordBytes, pages.Max());
        Assert.True(pages.Sum() >= Records);
        Assert.All(type.Flow.ExtractLog.Accepted, a => Assert.Equal(Etl.Messages.Outcome.Verified, a.ReadingResult.Outcome));
    }

    [Theory]
    [InlineData("stage", 1)]
    [InlineData("stage", 4)]
    [InlineData("look", 1)]
    [InlineData("look", 3)]
    [InlineData("source", 5)]
    [InlineData("source", 8)]
    [InlineData("cancel", 1)]
    [InlineData("cancel", 4)]
    public async Task After_a_fault_no_byte_is_reserved(string where, int at)
    {
        using var stop = new CancellationTokenSource();
        var (staged, seen, asked) = (0, 0, 0);
        await using var type = await LargeTypeAsync(3 * Megabyte, _ =>
        {
            if (where == "look" && Interlocked.Increment(ref seen) >= at)
                throw new IOException("look");
        });
        type.Bubble.Traffic.OnRequest = _ => where == "source" && Interlocked.Increment(ref asked) >= at ? throw new IOException("source") : Task.CompletedTask;

        var reading = type.ReadAsync(
            async (reading, token) =>
            {
                if (reading is not PageMapped { Batch: var batch } || Interlocked.Increment(ref staged) < at)
                {
                    reading.Dispose();
                    return;
                }

                if (where == "cancel")
                    await stop.CancelAsync();
                token.ThrowIfCancellationRequested();
                if (where == "stage")
                    throw new IOException("stage");
                batch.Dispose();
            },
            stop.Token);

        await Assert.ThrowsAnyAsync<Exception>(() => reading);
        Assert.Equal(0, type.Client.Budget.Used);
        Assert.True(type.Client.Budget.Peak > 0);
    }

    private static void WithBudget(SyncFixture fixture, long bytes) =>
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { MaxBytesInFlight = bytes } };

    private static void InterlockedMax(ref long most, long value)
    {
        for (var seen = Volatile.Read(ref most); value > seen;)
            seen = Interlocked.CompareExchange(ref most, value, seen) is var now && now == seen ? value : now;
    }

    private static async Task<LargeType> LargeTypeAsync(long budget, Action<PageRead>? look = null)
    {
        var bubble = await SimulatorServer.StartAsync(new SimulatorOptions { Invoices = 0 }, CancellationToken.None);
        for (var number = 0; number < Records; number++)
        {
            bubble.Records.Put("thing", SyncFixture.Record(
                number, SyncFixture.Early, $"\"Value\": \"{new string('v', RecordBytes)}\"", $"2026-02-01T00:00:{number:00}.000Z"));
        }

        return new LargeType(bubble, budget, look);
    }

    private sealed class LargeType : IAsyncDisposable
    {
        private readonly BubbleSettings _settings;
        private readonly Action<PageRead>? _look;

        public LargeType(SimulatorServer bubble, long budget, Action<PageRead>? look)
        {
            (Bubble, _look) = (bubble, look);
            _settings = new BubbleSettings
            {
                BaseUrl = new Uri(bubble.BaseUrl + "/"),
                ApiToken = new SimulatorOptions().Token,
                MaxBytesInFlight = budget,
                WindowSize = 25,
                MaxAttempts = 1,
                PatienceSeconds = 0,
            };
            Client = new BubbleClient(_settings, new Throttle(8, 1_000_000, TimeProvider.System), new ApiMeter(), TimeProvider.System, NullLogger.Instance);
        }

        public SimulatorServer Bubble { get; }

        public BubbleClient Client { get; }

        public EntityPipeline Flow { get; private set; } = null!;

        public async Task ReadAsync(Func<Reading, CancellationToken, Task> stage, CancellationToken cancellationToken = default)
        {
            var plan = TestTable.Plan(TestTable.Map("thing", TestTable.Field("value", "text", "Value")), TestTable.Column("value", "text"));
            using var graph = new RunPipeline(RunGraph.PagesWaiting, cancellationToken);
            Flow = new EntityPipeline(graph, plan, stage, look: _look);
            var history = new FullExtract(Flow, new EntitySource(Client, plan), _settings, new ReadingOrder(TimeProvider.System));
            var count = graph.Step("count", "thing", history.ProbeAsync);
            graph.Step("plan windows", "thing", token => history.ReadAsync(End, CancellationToken.None, token), count);
            await RunGraph.RunAsync(graph, [Flow]).WaitAsync(TimeSpan.FromSeconds(60), CancellationToken.None);
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await Bubble.DisposeAsync();
        }
    }
}
