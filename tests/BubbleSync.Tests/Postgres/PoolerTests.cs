using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Preflight;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Survival;
using Npgsql;
using Xunit;
using static System.FormattableString;

namespace BubbleSync.Tests.Postgres;

/// <summary>Everything works through PgBouncer as it is installed, in session and in transaction mode; statement mode is refused.</summary>
public sealed class PoolerTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Limits = "lock_timeout=1min, statement_timeout=30min, idle_in_transaction_session_timeout=0, jit=off, TimeZone=UTC, "
        + "tcp_keepalives_idle=10, tcp_keepalives_interval=5, tcp_keepalives_count=3";

    private const string NoLock =
        "select not exists (select from pg_locks l join pg_database d on d.oid = l.database where l.locktype = 'advisory' and d.datname = current_database())";

    [PgBouncerTheory]
    [InlineData("session")]
    [InlineData("transaction")]
    public async Task Every_command_works_through_it(string mode)
    {
        await using var fixture = await OpenAsync(tables: false);
        await using var bouncer = await PoolAsync(fixture, mode);

        await EveryCommand.AssertAsync(fixture);
    }

    [PgBouncerTheory]
    [InlineData("session")]
    [InlineData("transaction")]
    public async Task A_second_run_is_refused_and_names_the_first(string mode)
    {
        await using var fixture = await OpenAsync();
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
        await using var fixture = await OpenAsync();
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
        await using var fixture = await OpenAsync();
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
    public async Task Our_settings_hold_in_each_transaction_and_reach_nobody_else(string mode)
    {
        await using var fixture = (await OpenAsync()).WithPatches(("010-settings", Check(Limits)));
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
        await using var fixture = await OpenAsync();
        await using var bouncer = await PoolAsync(fixture, "statement");
        var run = await Bubblesync.RunAsync(fixture, [("Postgres__ConnectionString", bouncer.ConnectionString)], "resync");
        var asked = fixture.Bubble.Traffic.Requests;
        var examined = await fixture.Engine().ExamineAsync(fixture.Limit);

        Assert.Equal((3, 0L), (run.Code, asked));
        Assert.Contains("works in statement mode and takes no transaction of several statements", run.Error, StringComparison.Ordinal);
        Assert.Contains(examined.Checks, c => c is { Name: "database", Status: CheckStatus.Failed } && c.Message.Contains("statement mode", StringComparison.Ordinal));
    }

    [PgBouncerFact]
    public async Task Each_refusal_of_a_sign_in_has_the_words_of_the_servers_and_the_poolers_remedy()
    {
        await using var fixture = await OpenAsync(tables: false);
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

    [PgBouncerTheory]
    [InlineData("session", 1)]
    [InlineData("transaction", 2)]
    public async Task A_pool_that_is_too_small_stops_a_run_before_it_asks_Bubble_in_the_words_of_doctor(string mode, int size)
    {
        await using var fixture = await OpenAsync();
        await using var bouncer = await PoolAsync(fixture, mode, size, ";Timeout=1");

        await fixture.AssertStopsAsync(
            "sessions", Invariant($"a run needs 3 at once and got {size}: "), "gave no session within 1 s", "(PgBouncer: default_pool_size", "at least 3");
    }

    [PgBouncerTheory]
    [InlineData("session")]
    [InlineData("transaction")]
    public async Task A_run_takes_as_many_sessions_as_the_pool_has(string mode)
    {
        await using var fixture = await OpenAsync();
        await using var bouncer = await PoolAsync(fixture, mode, 4);

        var report = await fixture.ResyncAsync();

        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
        Assert.Contains(report.Warnings, w => w.Contains("the pooler gives 4 at once, so that a run takes 4 instead of 10", StringComparison.Ordinal));
    }

    [PgBouncerFact]
    public async Task Sessions_that_others_left_read_only_stop_a_run()
    {
        await using var fixture = await OpenAsync();
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
        await using var fixture = await OpenAsync();
        await using var bouncer = await PoolAsync(fixture, mode, words: ";Options=-c geqo=off");

        await fixture.AssertStopsAsync("database", "options");
    }

    [PgBouncerTheory]
    [InlineData("session")]
    [InlineData("transaction")]
    public async Task A_pooler_that_ends_idle_transactions_stops_the_run_which_can_be_resumed(string mode)
    {
        await using var fixture = await OpenAsync();
        string later;
        await using (var bouncer = await PoolAsync(fixture, mode, more: "idle_transaction_timeout = 1"))
        {
            var (isReading, mayGoOn) = Pages.StallOne(fixture);
            var run = fixture.ResyncAsync();
            await isReading.WaitAsync(fixture.Limit);
            await fixture.UntilAsync(NoLock);
            mayGoOn.SetResult();
            var report = await run;

            Assert.Equal(RunStatus.Failed, report.Status);
            Assert.Contains(report.Errors, e => e.Code == ErrorCode.LockLost);
            later = Assert.Single(report.Errors, e => e.Code == ErrorCode.LockLost).Message;
        }

        Assert.Contains("idle_transaction_timeout", later, StringComparison.Ordinal);
        fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { ConnectionString = fixture.Connection } };
        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync(new ResyncOptions { Resume = true })).Status);
    }

    [PgBouncerFact]
    public async Task A_pool_that_others_use_up_during_a_run_ends_it()
    {
        const int Size = 4;
        await using var fixture = await OpenAsync();
        await using var bouncer = await PoolAsync(fixture, "transaction", Size, more: "query_wait_timeout = 2");
        var (isReading, mayGoOn) = Pages.StallOne(fixture);
        var run = fixture.ResyncAsync();
        await isReading.WaitAsync(fixture.Limit);
        await using var others = NpgsqlDataSource.Create(bouncer.ConnectionString);
        // All but that of the run lock. The third gets that of the window, as soon as the window ends.
        await using var first = await TakeAsync(others, fixture.Limit);
        await using var second = await TakeAsync(others, fixture.Limit);
        var taking = TakeAsync(others, fixture.Limit);

        mayGoOn.SetResult();
        var report = await run;
        await using var third = await taking;

        Assert.Equal(RunStatus.Failed, report.Status);
        Assert.Contains(report.Errors, e => e.Code == ErrorCode.PoolerFull && e.Message.Contains("query_wait_timeout", StringComparison.Ordinal));
    }

    // The pooler refuses others too where they wait too long; they try again.
    private static async Task<NpgsqlConnection> TakeAsync(NpgsqlDataSource others, CancellationToken cancellationToken)
    {
        while (true)
        {
            var connection = await others.OpenConnectionAsync(cancellationToken);
            try
            {
                await using var begin = new NpgsqlCommand("begin; select 1", connection);
                await begin.ExecuteNonQueryAsync(cancellationToken);
                return connection;
            }
            catch (NpgsqlException)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private static string Check(string settings)
    {
        var wrong = settings.Split(", ").Select(s => s.Split('=')).Select(s =>
            $"if current_setting('{s[0]}') <> '{s[1]}' then raise exception '{s[0]} is %', current_setting('{s[0]}'); end if;");
        return $"do $$ begin {string.Join(' ', wrong)} end $$";
    }

    private async Task<SyncFixture> OpenAsync(bool tables = true) =>
        (await SyncFixture.OpenAsync(postgres, new SimulatorOptions { Invoices = 20 }, tables)).With(windowSize: 12, pageSize: 5);

    private static async Task<PgBouncer> PoolAsync(SyncFixture fixture, string mode, int size = 20, string words = "", string more = "")
    {
        var bouncer = await PgBouncer.StartAsync(fixture.Connection, mode, fixture.Limit, size, more);
        fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { ConnectionString = bouncer.ConnectionString + words } };
        return bouncer;
    }
}
