using System.Globalization;
using System.Text.Json;
using BubbleSync.Etl.Reports;
using BubbleSync.Simulator;
using Xunit;

namespace BubbleSync.Tests.Resync;

/// <summary>CONTRACT 3 and 4, seen from outside: exit codes, what goes to stdout and what to stderr.</summary>
public sealed class CommandLineTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly string[] EntityNames =
    [
        "name", "level", "expected", "extracted", "staged", "inserted", "updated", "unchanged", "conflicts", "rejected", "missingLinks", "notInBubble",
        "pruned", "durationMs", "proof",
    ];

    [Fact]
    public async Task Stdout_is_one_JSON_document_of_the_agreed_shape()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 10, Faults = ["bad-records=1"] });

        var outcome = await Bubblesync.RunAsync(fixture, "resync", "--output", "json");

        Assert.Equal(1, outcome.Code);
        var json = outcome.Json;
        Assert.Equal(("resync", "partial"), (Word(json, "kind"), Word(json, "status")));
        Assert.All(["startedAt", "finishedAt"], name => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$", Word(json, name)));
        Assert.True(json.GetProperty("durationMs").GetInt64() > 0 && Guid.TryParse(Word(json, "runId"), out _));
        Assert.Equal(["bytes", "calls", "retries", "throttled"], Names(json.GetProperty("api")));
        Assert.Equal(8, json.GetProperty("entities").GetArrayLength());
        Assert.All(json.GetProperty("entities").EnumerateArray(), e => Assert.Empty(
            EntityNames.Except(Names(e))));
        Assert.Equal(Directory.GetFiles(fixture.Settings.Run.Patches).Length, json.GetProperty("patches").GetArrayLength());
        Assert.All(json.GetProperty("patches").EnumerateArray(), p => Assert.Equal(["durationMs", "error", "name", "rows", "status"], Names(p)));
        Assert.All(json.GetProperty("errors").EnumerateArray(), e => Assert.Equal(["bubbleId", "code", "entity", "field", "message", "stage"], Names(e)));
        Assert.Equal(8, json.GetProperty("errors").GetArrayLength());
        Assert.True(json.GetProperty("warnings").GetArrayLength() > 0);
    }

    [Fact]
    public async Task A_good_run_ends_with_0_and_a_summary_on_stdout()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));

        var outcome = await Bubblesync.RunAsync(fixture, "resync");

        Assert.Equal(0, outcome.Code);
        // A machine under load may need so long that the progress is printed.
        Assert.DoesNotContain(outcome.Error.Split('\n'), line => line.Length > 0 && !line.Contains(" in flight, ", StringComparison.Ordinal));
        Assert.Contains("resync succeeded: 1 record ", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_token_stops_with_3_and_is_told_nowhere()
    {
        const string Secret = "top-secret-token-4711";
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(fixture, [("Bubble__ApiToken", Secret)], "resync", "--output", "json");

        Assert.Equal(3, outcome.Code);
        Assert.Equal("failed", Word(outcome.Json, "status"));
        Assert.Contains(outcome.Json.GetProperty("errors").EnumerateArray(), e => Word(e, "code") == "token-refused");
        Assert.DoesNotContain(Secret, outcome.All, StringComparison.Ordinal);
        foreach (var table in await fixture.RowsAsync("select tablename from pg_tables where schemaname = 'bubblesync'"))
            Assert.DoesNotContain(
                await fixture.RowsAsync($"select t::text from bubblesync.\"{table}\" t"), row => row.Contains(Secret, StringComparison.Ordinal));
        Assert.Equal("failed", await fixture.ScalarAsync<string>("select status from bubblesync.run"));
    }

    [Theory]
    [InlineData(3, "cannot be reached", "Bubble__BaseUrl", "http://127.0.0.1:9/api/1.1", "Bubble__MaxAttempts", "1")]
    [InlineData(3, "PostgreSQL at 127.0.0.1:9", "Postgres__ConnectionString", "Host=127.0.0.1;Port=9;Database=x;Username=u;Password=hush-hush")]
    [InlineData(2, "Bubble:MaxConcurrency", "Bubble__MaxConcurrency", "many")]
    [InlineData(2, "Did you mean 'Bubble:PageSize'", "Bubble__PagSize", "10")]
    [InlineData(2, "two underscores): there is no setting 'Bubble_PageSize'. Did you mean 'Bubble:PageSize'", "Bubble_PageSize", "10")]
    [InlineData(2, "Postgres:ConnectionString", "Postgres__ConnectionString", "Hots=hush-hush")]
    [InlineData(2, "There is no folder", "Run__Entities", "/nowhere")]
    public async Task What_cannot_work_is_said_with_its_exit_code(int code, string said, params string[] environment)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(fixture, environment.Chunk(2).Select(pair => (pair[0], pair[1])), "resync");

        Assert.Equal(code, outcome.Code);
        Assert.Contains(said, outcome.All, StringComparison.Ordinal);
        Assert.DoesNotContain("hush-hush", outcome.All, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_entity_ends_with_2_and_a_hint_and_reads_nothing()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);

        var outcome = await Bubblesync.RunAsync(fixture, "resync", "--entity", "invoic");

        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains("There is no entity 'invoic'. Did you mean 'invoice'?", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(0, fixture.Bubble.Traffic.Requests);
    }

    [Fact]
    public async Task A_broken_map_ends_with_2_and_all_its_faults_at_once()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.WithMap(
            "agent", map =>
                map.Replace("\"level\": 0", "\"levl\": 0", StringComparison.Ordinal).Replace("\"table\": \"agent\"", "\"table\": 5", StringComparison.Ordinal));

        var outcome = await Bubblesync.RunAsync(fixture, [("Run__Entities", fixture.Settings.Run.Entities)], "resync", "--output", "json");

        Assert.Equal(2, outcome.Code);
        var errors = outcome.Json.GetProperty("errors").EnumerateArray().Select(e => Word(e, "message")).ToList();
        Assert.Contains(errors, e => e.Contains("agent.json: levl", StringComparison.Ordinal) && e.Contains("Did you mean 'level'", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains("agent.json: table", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_run_names_the_first_and_ends_with_3()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var (isReading, mayEnd) = (new TaskCompletionSource(), new TaskCompletionSource());
        fixture.Bubble.Traffic.OnRequest = _ =>
        {
            isReading.TrySetResult();
            return mayEnd.Task;
        };
        var first = fixture.ResyncAsync("agent");
        await isReading.Task.WaitAsync(fixture.Limit);
        var holder = await fixture.ScalarAsync<string>("select run_id::text from bubblesync.run where status = 'running'");

        var second = await Bubblesync.RunAsync(fixture, "resync", "--output", "json");
        mayEnd.SetResult();

        Assert.Equal(3, second.Code);
        var error = Assert.Single(second.Json.GetProperty("errors").EnumerateArray());
        Assert.Equal(("locked", "agent"), (Word(error, "code"), Word(error, "entity")));
        Assert.Contains($"run {holder} (resync, since ", Word(error, "message"), StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, (await first).Status);
    }

    [Fact]
    public async Task A_failing_patch_ends_with_1_and_stops_no_other()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres))
            .WithPatches(("010-broken", "update agent set nothing = 1"), ("020-good", "update agent set introducer = 'x' where "
                + "introducer is null"), ("030-needs", "-- tables: nowhere\nselect 1"));
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early));

        var outcome = await Bubblesync.RunAsync(fixture, [("Run__Patches", fixture.Settings.Run.Patches)], "resync", "--output", "json");

        Assert.Equal(1, outcome.Code);
        Assert.Equal(
            ["010-broken failed 0 True", "020-good succeeded 1 False", "030-needs skipped 0 True"],
            outcome.Json.GetProperty("patches").EnumerateArray()
                .Select(p => string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Word(p, "name")} {Word(p, "status")} {p.GetProperty("rows")} {p.GetProperty("error").ValueKind == JsonValueKind.String}")));
        Assert.Contains(
            outcome.Json.GetProperty("errors").EnumerateArray(), e =>
                Word(e, "stage") == "patch" && Word(e, "message").Contains("010-broken", StringComparison.Ordinal));
        Assert.Equal("x", await fixture.ScalarAsync<string>("select introducer from agent"));
    }

    private static string Word(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static List<string> Names(JsonElement json) => [.. json.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal)];
}
