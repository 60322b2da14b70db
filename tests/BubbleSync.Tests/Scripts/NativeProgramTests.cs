using BubbleSync.Simulator;
using BubbleSync.Tests.EmbeddedPostgres;
using Xunit;

namespace BubbleSync.Tests.Scripts;

/// <summary>The native program does what the portable one does.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class NativeProgramTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IDisposable
{
    // On two busy processors.
    private static readonly TimeSpan LongestBuild = TimeSpan.FromMinutes(30);

    private const string Unmapped = "voucher_book";

    private readonly string _folder = Directory.CreateTempSubdirectory("bubblesync-native-").FullName;

    [NativeFact]
    public async Task The_main_job_and_every_kind_of_JSON_are_as_in_the_portable_program()
    {
        var built = await ChildProcess.RunAsync(LongestBuild, Repository.Root, Path.Combine(Repository.Root, "run.sh"), ["native"]);
        Assert.True(built.Code == 0, built.All);
        var program = built.Output.Trim();
        await using var bubble = await SimulatorServer.StartAsync(new SimulatorOptions { Invoices = 30 }, CancellationToken.None);
        bubble.Records.Declare(Unmapped, "Name", "text");
        (string, string?)[] settings =
        [
            ("BUBBLESYNC_Bubble__BaseUrl", $"{bubble.BaseUrl}"), ("BUBBLESYNC_Bubble__ApiToken", new SimulatorOptions().Token),
            ("BUBBLESYNC_Postgres__ConnectionString", await postgres.CreateDatabaseAsync()),
            // Each program has maps beside it, and messages name their folder.
            ("BUBBLESYNC_CONFIG", Path.Combine(Repository.Root, "config", "bubblesync.json")),
        ];
        var invoice = bubble.Records.All("invoice").Select(RecordId).First();

        foreach (var words in Work(invoice))
        {
            var done = await ChildProcess.RunAsync(_folder, program, words, settings);
            Assert.True(done.Code == 0, $"{string.Join(' ', words)}: {done.All}");
            Assert.NotEqual(default, done.Json.ValueKind);
        }

        foreach (var words in Questions)
        {
            var native = await ChildProcess.RunAsync(_folder, program, words, settings);
            var portable = await ChildProcess.BubblesyncAsync(_folder, words, settings);
            Assert.True(portable.Code == native.Code, $"{string.Join(' ', words)}: {native.All}");
            Assert.Equal(portable.Output, native.Output);
        }
    }

    [NativeFact]
    public async Task The_demo_runs_in_one_process_with_simulator_and_database()
    {
        var built = await ChildProcess.RunAsync(LongestBuild, Repository.Root, Path.Combine(Repository.Root, "run.sh"), ["native"]);

        var demo = await ChildProcess.RunAsync(_folder, built.Output.Trim(), ["demo"], ("BUBBLESYNC_HOME", _folder));

        Assert.True(demo.Code == 0, demo.All);
        Assert.Contains("resync succeeded: ", demo.All, StringComparison.Ordinal);
    }

    public void Dispose() => ClusterFolder.Delete(_folder);

    private static string[][] Work(string invoice) =>
    [
        ["schema", "apply", "--views", "--output", "json"], ["resync", "--output", "json"], ["verify", "--output", "json"],
        ["resync", "--backfill", "--output", "json"], ["verify", "--counts", "--output", "json"],
        ["sync", "invoice", invoice, "--force", "--output", "json"], ["sync", "range", "--from", "2020-01-01", "--output", "json"],
        ["sync", "incremental", "--output", "json"], ["patch", "--output", "json"], ["plan", "--output", "json"], ["doctor", "--output", "json"],
    ];

    // What says the same each time.
    private static string[][] Questions =>
    [
        ["runs", "list", "--output", "json"], ["runs", "show", "last", "--output", "json"], ["runs", "log", "last", "--output", "json"],
        ["runs", "rejected", "last", "--output", "json"], ["audit", "links", "--output", "json"], ["audit", "schema", "--output", "json"],
        ["audit", "fields", "--output", "json"], ["scaffold", "--type", Unmapped, "--dry-run", "--output", "json"], ["scaffold", "--type", "invoice"],
        ["export", "dbt"], ["runs", "show", "none"], ["runs", "list"], ["completion", "bash"], ["--help"], ["resync", "--limit-of-nothing"],
    ];

    private static string RecordId(string record)
    {
        using var parsed = System.Text.Json.JsonDocument.Parse(record);
        return parsed.RootElement.GetProperty("_id").GetString()!;
    }
}
