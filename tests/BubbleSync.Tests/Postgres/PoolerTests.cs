using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Patch;
using BubbleSync.Tests.Preflight;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Survival;
using Npgsql;
using Xunit;
using static BubbleSync.Tests.Postgres.PooledFixture;

namespace BubbleSync.Tests.Postgres;

/// <summary>Everything works through PgBouncer as it is installed, in session and in transaction mode; statement mode is refused.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class PoolerTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Limits = "lock_timeout=1min, statement_timeout=30min, idle_in_transaction_session_timeout=0, jit=off, TimeZone=UTC, "
        + "tcp_keepalives_idle=10, tcp_keepalives_interval=5, tcp_keepalives_count=3";

    [PgBouncerTheory]
    [InlineData("session")]
    [InlineData("transaction")]
    public async Task Every_command_works_through_it(string mode)
    {
        await using var fixture = await OpenAsync(postgres, tables: false);
        await using var bouncer = await PoolAsync(fixture, mode);

        await EveryCommand.AssertAsync(fixture);
    }

    [PgBouncerTheory]
    [InlineData("session")]
    [InlineData("transaction")]
    public async Task A_second_run_is_refused_and_names_the_first(string mode)
    {
        await using var fixture = await OpenAsync(postgres);
        await using var bouncer = await PoolAsync(fixture, mode);
        var (isReading, mayGoOn) = Pages.StallOne(fixture);
        var first = fixture.ResyncAsync();
        await isReading.WaitAsync(fixture.Limit);
        var holder = await fixture.ScalarAsync<Guid>("select run_id from bubblesync.run");

        var second = await Bubblesync.RunAsync(fixture, [("Postgres__ConnectionString", bouncer.ConnectionString)], "resync");
        mayGoOn.SetResult();

        Assert.Equal(3, second.Code);
        Assert.Contains($"run {holder} (resync, since ", second.Error, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, (await first).Status);
    }

    [PgBouncerTheory]
    [InlineData("session")]
    [InlineData("transaction")]
    public async Task A_comparison_that_lives_keeps_its_staging_beside_a_run_and_another_comparison(string mode)
    {
        await using var fixture = await OpenAsync(postgres);
        await using var bouncer = await PoolAsync(fixture, mode);
        await fixture.ResyncAsync();
        var (isReading, mayGoOn) = Pages.StallOne(fixture);
        var verified = fixture.Engine().VerifyAsync(new VerifyOptions(), null, fixture.Limit);
        await isReading.WaitAsync(fixture.Limit);
        fixture.Bubble.Traffic.OnRequest = null;
        var staging = await fixture.StagingAsync();

        await fixture.ResyncAsync();
        Assert.True((await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit)).Success);

        Assert.NotEmpty(staging);
        Assert.Subset((await fixture.StagingAsync()).ToHashSet(), staging.ToHashSet());
        Assert.Equal(["running"], await fixture.RowsAsync("select status from bubblesync.run where kind = 'verify' and finished_at is null"));
        mayGoOn.SetResult();
        Assert.True((await verified).Success);
    }

    [PgBouncerTheory]
    [InlineData("session")]
    [InlineData("transaction")]
    public async Task A_killed_run_is_known_to_be_dead_and_goes_on(string mode)
    {
        await using var fixture = await OpenAsync(postgres);
        await using var bouncer = await PoolAsync(fixture, mode);
        var (isReading, mayGoOn) = Pages.StallOne(fixture);
        (string, string)[] settings = [("Postgres__ConnectionString", bouncer.ConnectionString), ("Bubble__PageSize", "5"), ("Bubble__WindowSize", "12")];
        using (var program = Bubblesync.Start(fixture, settings, "resync"))
        {
            await isReading.WaitAsync(fixture.Limit);
            program.Kill();
            await program.EndAsync();
        }

        mayGoOn.SetResult();
        await fixture.UntilAsync(NoLock);
        await using (var archive = await fixture.Engine().OpenArchiveAsync(fixture.Limit))
            Assert.True(Assert.Single(await archive.ListAsync(9, null, null, fixture.Limit)).Died);

        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync(new ResyncOptions { Resume = true })).Status);
    }

    [PgBouncerTheory]
    [InlineData("session")]
    [InlineData("transaction")]
    public async Task Notes_of_a_killed_run_go_to_a_run_that_was_under_way(string mode)
    {
        await using var fixture = await TouchedWitness.OpenAsync(postgres);
        await using var bouncer = await PoolAsync(fixture, mode);

        await LeftNotesTests.AssertTakenFromKilledRunAsync(fixture);
    }

    [PgBouncerTheory]
    [InlineData("session")]
    [InlineData("transaction")]
    public async Task Our_settings_hold_in_each_transaction_and_reach_nobody_else(string mode)
    {
        await using var fixture = (await OpenAsync(postgres)).WithPatches(("010-settings", Check(Limits)));
        await using var bouncer = await PoolAsync(fixture, mode);

        var report = await fixture.ResyncAsync(new ResyncOptions { DryRun = true });
        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        report = await fixture.ResyncAsync();
        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());

        // Among the sessions that PgBouncer kept from the run.
        const string Ours = "select concat_ws('|', current_setting('lock_timeout'), current_setting('work_mem'), current_setting('tcp_keepalives_idle'))";
        var usual = await fixture.RowAsync(Ours);
        await using var others = NpgsqlDataSource.Create(bouncer.ConnectionString);
        await using var command = others.CreateCommand(Ours);
        Assert.Equal(usual, await command.ExecuteScalarAsync(fixture.Limit));
    }

    [PgBouncerFact]
    public async Task Statement_mode_is_refused_by_name_before_Bubble_is_read()
    {
        await using var fixture = await OpenAsync(postgres);
        await using var bouncer = await PoolAsync(fixture, "statement");
        var run = await Bubblesync.RunAsync(fixture, [("Postgres__ConnectionString", bouncer.ConnectionString)], "resync");
        var asked = fixture.Bubble.Traffic.Requests;
        var examined = await fixture.Engine().ExamineAsync(fixture.Limit);

        Assert.Equal((3, 0L), (run.Code, asked));
        Assert.Contains("works in statement mode and takes no transaction of several statements", run.Error, StringComparison.Ordinal);
        Assert.Contains(
            examined.Checks, c => c is { Name: "database", Status: CheckStatus.Failed } && c.Message.Contains("statement mode", StringComparison.Ordinal));
    }

    [PgBouncerFact]
    public async Task Each_refusal_of_a_sign_in_has_the_words_of_the_servers_and_the_poolers_remedy()
    {
        await using var fixture = await OpenAsync(postgres, tables: false);
        await using var bouncer = await PoolAsync(fixture, "session");
        var address = new NpgsqlConnectionStringBuilder(bouncer.ConnectionString) { Pooling = false };
        (NpgsqlConnectionStringBuilder Address, string Why, string WhatToDo)[] cases =
        [
            (new(address.ConnectionString) { Password = "wrong" }, $"the password is wrong, or the pooler knows no user '{address.Username}' (", "auth_file"),
            (new(address.ConnectionString) { Username = "stranger" }, "the password is wrong, or the pooler knows no user 'stranger' (", "auth_file"),
            (new(address.ConnectionString) { Database = "nowhere" }, "the pooler knows no database 'nowhere' (", "add it to [databases] of PgBouncer."),
        ];

        foreach (var (tried, why, whatToDo) in cases)
        {
            fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { ConnectionString = tried.ConnectionString } };
            var examined = await fixture.Engine().ExamineAsync(fixture.Limit);

            var message = Assert.Single(examined.Checks, c => c is { Name: "database", Status: CheckStatus.Failed }).Message;
            Assert.Contains(why, message, StringComparison.Ordinal);
            Assert.Contains(whatToDo, message, StringComparison.Ordinal);
        }
    }

    [PgBouncerFact]
    public async Task Sessions_that_others_left_read_only_stop_a_run()
    {
        await using var fixture = await OpenAsync(postgres);
        await using var bouncer = await PoolAsync(fixture, "transaction", 3);
        await using var others = NpgsqlDataSource.Create(bouncer.ConnectionString);
        // Each keeps its session until all have one.
        await using (var first = await others.OpenConnectionAsync(fixture.Limit))
        await using (var second = await others.OpenConnectionAsync(fixture.Limit))
        await using (var third = await others.OpenConnectionAsync(fixture.Limit))
        {
            NpgsqlConnection[] all = [first, second, third];
            foreach (var statement in new[] { "begin", "set default_transaction_read_only = on", "commit" })
            {
                foreach (var connection in all)
                {
                    await using var command = new NpgsqlCommand(statement, connection);
                    await command.ExecuteNonQueryAsync(fixture.Limit);
                }
            }
        }

        await fixture.AssertStopsAsync("writing", "from: session. Another program set it in a session that a pooler hands on", "server_reset_query_always = 1");
    }

    [PgBouncerTheory]
    [InlineData("session")]
    [InlineData("transaction")]
    public async Task Options_are_refused_before_Bubble_is_read_and_the_message_says_what_to_remove(string mode)
    {
        await using var fixture = await OpenAsync(postgres);
        await using var bouncer = await PoolAsync(fixture, mode, words: ";Options=-c geqo=off");

        await fixture.AssertStopsAsync("database", "options");
    }

    private static string Check(string settings)
    {
        var wrong = settings.Split(", ").Select(s => s.Split('=')).Select(s =>
            $"if current_setting('{s[0]}') <> '{s[1]}' then raise exception '{s[0]} is %', current_setting('{s[0]}'); end if;");
        return $"do $$ begin {string.Join(' ', wrong)} end $$";
    }
}
