using System.Globalization;
using BubbleSync.Etl;
using BubbleSync.Etl.Postgres;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Preflight;
using BubbleSync.Tests.Resync;
using Npgsql;
using Xunit;
using static System.FormattableString;
using static BubbleSync.Tests.Postgres.LimitedRole;

namespace BubbleSync.Tests.Postgres;

/// <summary>How many sessions a run takes. The role's own limit is the assertion: one session more would be refused.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class SessionTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Entities = 98;
    private const int Records = 7;

    // Of one entity the records are so large that each page goes into the transaction of its window at once, and several windows are open together.
    private const int LargeRecords = 24;

    private static readonly string Large = new('x', 600 * 1024);

    [Fact]
    public async Task Every_command_works_with_three_sessions()
    {
        await using var fixture = (await OpenAsync(postgres, 3, new SimulatorOptions { Invoices = 20 })).With(windowSize: 12, pageSize: 5);

        await EveryCommand.AssertAsync(fixture, () => ClosedAsync(fixture));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(10)]
    public async Task Very_many_entities_wait_their_turn(int sessions)
    {
        await using var fixture = (await OpenAsync(postgres, sessions, new SimulatorOptions { Invoices = 0 })).With(windowSize: 6, pageSize: 1).WithPatches();
        fixture.Settings = fixture.Settings with { Run = fixture.Settings.Run with { Entities = fixture.Folder(Enumerable.Range(1, Entities).Select(Map)) } };
        foreach (var entity in Enumerable.Range(1, Entities))
        {
            for (var number = 1; number <= (entity == 1 ? LargeRecords : Records); number++)
                fixture.Put(Name(entity), SyncFixture.Record(
                    number, SyncFixture.Early, $"\"Name\": \"{(entity == 1 ? Large : "x")}\"", Invariant($"2026-02-{number:00}T00:00:00.000Z")));
        }

        // So slow that windows would all be open together, if there were no slots for them.
        fixture.Bubble.Traffic.OnRequest = request => request.Type == Name(1) && request.Cursor > 0 ? Task.Delay(20, fixture.Limit) : Task.CompletedTask;
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        await ClosedAsync(fixture);

        var loaded = await fixture.ResyncAsync();
        await ClosedAsync(fixture);
        var verified = await fixture.Engine().VerifyAsync(new VerifyOptions(), null, fixture.Limit);

        Assert.True(loaded.Status == RunStatus.Succeeded, loaded.Failure?.Message);
        Assert.Equal((Entities, ((Entities - 1L) * Records) + LargeRecords), (loaded.Entities.Count, loaded.Entities.Sum(e => e.Inserted)));
        Assert.True(verified.Success);
    }

    [Theory]
    [InlineData(";Maximum Pool Size=5", 5)]
    [InlineData(";Maximum Pool Size=50", 7)]
    [InlineData("", 7)]
    public async Task The_smaller_of_both_limits_holds(string words, int most)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var connection = new NpgsqlConnectionStringBuilder(fixture.Connection);
        connection.Remove("Maximum Pool Size");

        await using var database = await TargetDatabase.OpenAsync(
            new PostgresSettings { ConnectionString = connection.ConnectionString + words, MaxConnections = 7 }, "test", fixture.Limit);

        Assert.Equal(most, database.MaxConnections);
    }

    [Theory]
    [InlineData("2", "", "a whole number from 3 to 500 is expected")]
    [InlineData("10", ";Maximum Pool Size=2", "Maximum Pool Size is 2, but a run needs 3 sessions")]
    public async Task Fewer_than_three_are_refused_by_name(string most, string words, string message)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var connection = new NpgsqlConnectionStringBuilder(fixture.Connection);
        connection.Remove("Maximum Pool Size");

        var run = await Bubblesync.RunAsync(
            fixture, [("Postgres__ConnectionString", connection.ConnectionString + words), ("Postgres__MaxConnections", most)], "resync");

        Assert.Equal(2, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Contains("Postgres:MaxConnections", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pooled_sessions_that_the_server_has_ended_are_replaced()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await using var database = await TargetDatabase.OpenAsync(fixture.Settings.Postgres, "test of ended sessions", fixture.Limit);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => PidAsync(fixture, database)));

        // One that was used within the last second is taken to live.
        await Task.Delay(TimeSpan.FromSeconds(1.1), fixture.Limit);
        await fixture.RowsAsync("select pg_terminate_backend(pid, 10000) from pg_stat_activity where application_name = 'test of ended sessions'");

        Assert.True(await PidAsync(fixture, database) > 0);
    }

    [Theory]
    [InlineData(77, "77s")]
    [InlineData(0, "0")]
    public async Task The_longest_statement_is_a_setting(int seconds, string limit)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await using var database = await TargetDatabase.OpenAsync(fixture.Settings.Postgres with { StatementTimeoutSeconds = seconds }, "test", fixture.Limit);

        Assert.Equal(limit, await database.RunAsync(c => c.ScalarAsync<string>("select current_setting('statement_timeout')", fixture.Limit), fixture.Limit));
    }

    // The table's statistics are renewed after a large merge, under a shorter limit.
    [Fact]
    public async Task Locks_are_waited_for_as_long_after_a_large_merge_as_before()
    {
        await using var fixture = (await SyncFixture.OpenAsync(postgres)).WithPatches(
            ("010-limit", "do $$ begin if current_setting('lock_timeout') <> '1min' then raise exception '%', current_setting('lock_timeout'); "
                + "end if; end $$"));
        for (var number = 1; number <= 1000; number++)
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early));

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], DryRun = true });

        Assert.Equal((RunStatus.Succeeded, 1000L), (report.Status, report.Entities[0].Inserted));
    }

    [Fact]
    public async Task A_run_takes_as_many_as_the_role_may_have()
    {
        await using var fixture = await OpenAsync(postgres, 5, new SimulatorOptions { Invoices = 5 });
        var role = new NpgsqlConnectionStringBuilder(fixture.Settings.Postgres.ConnectionString).Username;
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { MaxConnections = 10 } };
        await ClosedAsync(fixture);

        var examined = await fixture.Engine().ExamineAsync(fixture.Limit);
        await ClosedAsync(fixture);
        var report = await fixture.ResyncAsync();

        var message = $"role {role} allows 5, of which others use 0, so that a run takes 5 instead of 10 (Postgres:MaxConnections, or Maximum Pool Size where "
            + "that is less) and is slower. "
            + $"For more, raise that limit: alter role \"{role}\" connection limit 10;";
        Assert.Equal((CheckStatus.Ok, message), Assert.Single(
            examined.Checks, c => c.Name == "sessions") is var check ? (check.Status, check.Message) : default);
        Assert.Contains($"sessions: {message}", report.Warnings);
        Assert.Equal(RunStatus.Succeeded, report.Status);
    }

    [Theory]
    [InlineData("role {0}", "alter role \"{0}\" connection limit 2")]
    [InlineData("database {1}", "alter database \"{1}\" connection limit 3")]
    public async Task Too_few_stop_a_run_before_it_asks_Bubble_in_the_words_of_doctor(string whose, string statement)
    {
        await using var fixture = await OpenAsync(postgres, 10, new SimulatorOptions { Invoices = 0 });
        var connection = new NpgsqlConnectionStringBuilder(fixture.Settings.Postgres.ConnectionString);
        string Filled(string text) => string.Format(CultureInfo.InvariantCulture, text, connection.Username, connection.Database);
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);
        await ClosedAsync(fixture);
        // The test's own session counts for the database.
        await fixture.ExecuteAsync(Filled(statement));

        var stopped = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync("agent"));
        var asked = fixture.Bubble.Traffic.Requests;
        await ClosedAsync(fixture);
        var examined = await fixture.Engine().ExamineAsync(fixture.Limit);
        await ClosedAsync(fixture);

        Assert.Equal(0, asked);
        Assert.Equal(["sessions"], examined.Checks.Where(c => c.Status == CheckStatus.Failed).Select(c => c.Name));
        Assert.Equal(stopped.Message, examined.Checks.Single(c => c.Name == "sessions").Message);
        Assert.StartsWith($"a run needs 3 at once and got 2: {Filled(whose)} allows ", stopped.Message, StringComparison.Ordinal);
        await fixture.FollowAsync(stopped.Message, "alter ");
        await fixture.AssertSyncsAsync();
    }

    private static Task<int> PidAsync(SyncFixture fixture, TargetDatabase database) =>
        database.RunAsync(c => c.ScalarAsync<int>("select pg_backend_pid()", fixture.Limit), fixture.Limit);

    private static string Name(int entity) => Invariant($"kind_{entity}");

    private static (string File, string Text) Map(int entity) => ($"{Name(entity)}.json", Invariant($$"""
        {
          "name": "{{Name(entity)}}", "bubbleType": "{{Name(entity)}}", "table": "{{Name(entity)}}", "key": "bubble_id", "level": {{entity % 3}},
          "fields": [
            { "column": "bubble_id", "type": "text", "from": "_id" },
            { "column": "name", "type": "text", "from": "Name" },
            { "column": "created_date", "type": "timestamptz", "from": "Created Date" },
            { "column": "modified_date", "type": "timestamptz", "from": "Modified Date" }
          ]
        }
        """));
}
