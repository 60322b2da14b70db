using BubbleSync.EmbeddedPostgres;
using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Preflight;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Survival;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Postgres;

/// <summary>What is new since PostgreSQL 15, which most other tests run on, changes nothing; what is named here by a version exists from that one on.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class PostgresVersionTests(NpmServers servers) : IClassFixture<NpmServers>
{
    [NpmPostgresTheory(16, 17, 18)]
    [InlineData(18)]
    public async Task Every_command_works(int major)
    {
        await using var fixture = await SmallPagesAsync(major, tables: false);

        await EveryCommand.AssertAsync(fixture);
    }

    [NpmPostgresFact(pooled: true)]
    public async Task Every_command_works_through_a_pooler()
    {
        await using var fixture = await SmallPagesAsync(NpmBinaries.Major, tables: false);
        await using var bouncer = await PgBouncer.StartAsync(fixture.Connection, "transaction", fixture.Limit);
        fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { ConnectionString = bouncer.ConnectionString } };

        await EveryCommand.AssertAsync(fixture);
    }

    [NpmPostgresFact]
    public async Task What_is_unchanged_is_not_written_and_what_is_changed_or_deleted_is()
    {
        await using var fixture = await SmallPagesAsync(NpmBinaries.Major);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"old\""));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Name\": \"gone\""));
        await fixture.ResyncAsync();
        var before = await fixture.SnapshotAsync();
        var unchanged = await fixture.ResyncAsync();
        Assert.Equal(before, await fixture.SnapshotAsync());
        Assert.Equal((RunStatus.Succeeded, 0L), (unchanged.Status, unchanged.Entities.Sum(e => e.Inserted + e.Updated)));

        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"new\""));
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(2));
        var changed = await fixture.ResyncAsync(new ResyncOptions { Prune = PruneMode.Hard, PruneLimitPercent = 90 });

        Assert.Equal((RunStatus.Succeeded, 1L, 1L), (changed.Status, changed.Entities.Sum(e => e.Updated), changed.Entities.Sum(e => e.Pruned)));
        Assert.Equal(["new"], await fixture.RowsAsync($"select name from agent where bubble_id in ('{SyncFixture.Id(1)}', '{SyncFixture.Id(2)}')"));
    }

    [NpmPostgresFact]
    public async Task A_second_run_is_refused_and_names_the_first()
    {
        await using var fixture = await SmallPagesAsync(NpmBinaries.Major);
        var (isReading, mayGoOn) = Pages.StallOne(fixture);
        var first = fixture.ResyncAsync();
        await isReading.WaitAsync(fixture.Limit);
        var holder = await fixture.ScalarAsync<Guid>("select run_id from bubblesync.run");

        var second = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync());
        mayGoOn.SetResult();

        Assert.Contains($"run {holder} (resync, since ", second.Message, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, (await first).Status);
    }

    // The run lock's transaction is as old as the run, and that of the window waits for the page.
    [NpmPostgresTheory(17, 18)]
    [InlineData(18)]
    public async Task A_run_outlasts_the_longest_transaction_of_its_role(int major)
    {
        await using var fixture = await SmallPagesAsync(major);
        var role = await fixture.AsUserAsync();
        await fixture.ExecuteAsync($"alter role {role} set transaction_timeout = '2s'");
        await using var others = NpgsqlDataSource.Create(fixture.Settings.Postgres.ConnectionString!);
        await using var limit = others.CreateCommand("select current_setting('transaction_timeout')");
        Assert.Equal("2s", await limit.ExecuteScalarAsync(fixture.Limit));
        Assert.True((await fixture.Engine().ExamineAsync(fixture.Limit)).Success);
        var (isReading, mayGoOn) = Pages.StallOne(fixture);

        var run = fixture.ResyncAsync();
        await isReading.WaitAsync(fixture.Limit);
        await fixture.UntilAsync($"select max(clock_timestamp() - xact_start) > interval '2.3 s' from pg_stat_activity where usename = '{role}'");
        mayGoOn.SetResult();

        var report = await run;
        Assert.True(report.Status == RunStatus.Succeeded, report.ToJson());
    }

    [NpmPostgresFact]
    public async Task A_virtual_column_that_no_map_names_is_left_alone()
    {
        await using var fixture = await OpenAsync();
        await fixture.ExecuteAsync("alter table agent add loud text generated always as (upper(name)) virtual");

        await fixture.AssertSyncsAsync();
        var verified = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit);

        Assert.True(verified.Success);
        Assert.Equal("NEW", await fixture.ScalarAsync<string>("select loud from agent"));
    }

    [NpmPostgresFact]
    public async Task A_virtual_column_that_a_map_names_stops_a_run_and_the_advice_helps()
    {
        await using var fixture = await OpenAsync();
        await fixture.ExecuteAsync("alter table agent drop name, add name text generated always as (upper(slug)) virtual");

        var message = await fixture.AssertStopsAsync("table agent", "Column 'name' of table 'agent' is written by the database alone (generated)");
        await fixture.FollowAsync(message, "alter table");

        await fixture.AssertSyncsAsync();
    }

    [NpmPostgresFact]
    public async Task A_foreign_key_that_is_not_enforced_holds_nothing_back_and_forbids_no_deletion()
    {
        await using var fixture = await OpenAsync();
        await fixture.ExecuteAsync(
            """
            alter table agent add constraint login foreign key (linked_user_login) references "user" (bubble_id) not enforced;
            create table note (agent_id text references agent (bubble_id) on delete cascade not enforced);
            """);
        foreach (var number in Enumerable.Range(1, 10))
            fixture.Put("agent", SyncFixture.Record(number, SyncFixture.Early, $"\"Linked User Login\": \"{SyncFixture.Id(99)}\""));
        await fixture.ResyncAsync("agent");
        await fixture.ExecuteAsync($"insert into note values ('{SyncFixture.Id(1)}')");
        fixture.Bubble.Records.Delete("agent", SyncFixture.Id(1));

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], Prune = PruneMode.Hard });

        Assert.Equal((RunStatus.Succeeded, 1L), (report.Status, report.Entities[0].Pruned));
        Assert.Equal("9", await fixture.RowAsync($"select count(*) from agent where linked_user_login = '{SyncFixture.Id(99)}'"));
        Assert.Equal("1", await fixture.RowAsync("select count(*) from note"));
    }

    [NpmPostgresTheory]
    [InlineData("alter slug set not null", "slug")]
    [InlineData("add constraint rule not null slug", "slug")]
    [InlineData("add constraint rule not null slug not valid", "slug")]
    [InlineData("add constraint rule check (commission >= 0)", "rule")]
    [InlineData("add low numeric generated always as (commission) virtual, add constraint rule check (low >= 0)", "rule")]
    [InlineData("add constraint rule check (commission >= 0) not enforced", null)]
    public async Task Only_what_the_table_enforces_is_rejected(string rule, string? field)
    {
        await using var fixture = await OpenAsync();
        await fixture.ExecuteAsync($"alter table agent {rule}");
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Commission\": -5"));
        fixture.Put("agent", SyncFixture.Record(2, SyncFixture.Early, "\"Commission\": 5, \"Slug\": \"s\""));

        var report = await fixture.ResyncAsync("agent");

        Assert.Equal(field is null ? 0 : 1, report.Entities[0].Rejected);
        Assert.Equal(field is null ? 2 : 1, report.Entities[0].Inserted);
        Assert.Equal(field is null ? [] : [field], await fixture.RowsAsync("select lower(field) from bubblesync.rejected_record"));
    }

    private async Task<SyncFixture> SmallPagesAsync(int major, bool tables = true) =>
        (await SyncFixture.OpenAsync(await servers.CreateDatabaseAsync(major), new SimulatorOptions { Invoices = 20 }, tables))
            .With(windowSize: 12, pageSize: 5);

    private async Task<SyncFixture> OpenAsync() => await SyncFixture.OpenAsync(await servers.CreateDatabaseAsync(NpmBinaries.Major));
}
