using BubbleSync.Etl;
using BubbleSync.Etl.Journal;
using BubbleSync.Etl.Reports;
using BubbleSync.Etl.Settings;
using BubbleSync.Simulator;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Survival;

/// <summary>CONTRACT 5.13: one schema, one app.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class MirroredSourceTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("https://App.Example.com/version-test/api/1.1/", "app.example.com/version-test/api/1.1")]
    [InlineData("https://app.example.com/api/1.1", "app.example.com/api/1.1")]
    [InlineData("https://app.example.com/version-live/api/1.1/", "app.example.com/api/1.1")]
    [InlineData("http://127.0.0.1:7077/api/1.1", "127.0.0.1:7077/api/1.1")]
    public void An_address_is_written_in_one_way(string address, string expected) => Assert.Equal(expected, MirroredSource.AddressOf(new Uri(address)));

    [Fact]
    public async Task The_first_run_records_the_app()
    {
        await using var fixture = await OneAgentAsync();

        Assert.Equal(
            $"public|{MirroredSource.AddressOf(fixture.Settings.Bubble.BaseUrl!)}",
            await fixture.RowAsync("select target_schema, address from bubblesync.source"));
    }

    [Theory]
    [InlineData("resync", "--entity", "agent")]
    [InlineData("resync", "--resume")]
    [InlineData("sync", "incremental")]
    [InlineData("sync", "invoice", "1769904000000x100000000000000001")]
    [InlineData("sync", "range", "--from", "2026-01-01")]
    [InlineData("verify")]
    [InlineData("audit", "values")]
    [InlineData("audit", "fields")]
    [InlineData("audit", "schema")]
    [InlineData("audit", "links", "--ask")]
    [InlineData("plan")]
    public async Task A_command_that_reads_another_app_stops_with_2_before_it_reads_anything(params string[] words)
    {
        await using var fixture = await OneAgentAsync();
        // A run that ended early, for a resume to find.
        await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], MaxCalls = 1 });
        await using var other = await MoveAsync(fixture);

        var outcome = await RunAsync(fixture, words);

        Assert.Equal(2, outcome.Code);
        Assert.Contains("mirrors the app at 127.0.0.1:", outcome.All, StringComparison.Ordinal);
        Assert.Contains("but Bubble:BaseUrl is 127.0.0.1:", outcome.All, StringComparison.Ordinal);
        Assert.Empty(other.Traffic.Recent);
    }

    [Fact]
    public async Task The_same_app_at_a_new_address_is_accepted_once_its_ids_are_found_there()
    {
        await using var fixture = await OneAgentAsync();
        await using var other = await MoveAsync(fixture);
        other.Records.Put("agent", SyncFixture.Record(1, SyncFixture.Late, "\"Name\": \"Bob\""));

        var accepted = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], AcceptSource = true });
        var next = await fixture.ResyncAsync("agent");

        Assert.Equal((RunStatus.Succeeded, 1L, RunStatus.Succeeded), (accepted.Status, accepted.Entities[0].Updated, next.Status));
    }

    [Fact]
    public async Task Another_app_is_not_accepted()
    {
        await using var fixture = await OneAgentAsync();
        await using var other = await MoveAsync(fixture);
        other.Records.Put("agent", SyncFixture.Record(2, SyncFixture.Late));

        var outcome = await RunAsync(fixture, "resync", "--entity", "agent", "--accept-source");

        Assert.Equal(2, outcome.Code);
        Assert.Contains("Of 1 stored ids that were looked for", outcome.All, StringComparison.Ordinal);
        Assert.Equal(1, await fixture.ScalarAsync<long>("select count(*) from agent"));
        Assert.NotEqual(MirroredSource.AddressOf(fixture.Settings.Bubble.BaseUrl!), await fixture.ScalarAsync<string>("select address from bubblesync.source"));
    }

    [Fact]
    public async Task An_app_whose_records_never_came_in_leaves_no_trace()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var token = fixture.Settings.Bubble.ApiToken;
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { ApiToken = "wrong" } };
        await fixture.ResyncAsync("agent");
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { ApiToken = token } };
        await using var other = await MoveAsync(fixture);

        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync("agent")).Status);
    }

    [Fact]
    public async Task Tables_that_an_earlier_version_filled_go_on_only_with_the_app_they_came_from()
    {
        await using var fixture = await OneAgentAsync();
        await fixture.ExecuteAsync("delete from bubblesync.source; delete from bubblesync.run_target");
        var right = fixture.Settings.Bubble.BaseUrl!;
        await using var other = await MoveAsync(fixture);
        other.Records.Put("agent", SyncFixture.Record(2, SyncFixture.Late));

        var refused = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync("agent"));
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { BaseUrl = right } };
        var accepted = await fixture.ResyncAsync("agent");

        Assert.True(refused.IsUsage);
        Assert.Contains("Of 1 stored ids that were looked for", refused.Message, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Succeeded, accepted.Status);
        Assert.Equal(1, await fixture.ScalarAsync<long>("select count(*) from agent"));
    }

    [Fact]
    public async Task A_dry_run_accepts_no_app_for_good()
    {
        await using var fixture = await OneAgentAsync();
        var address = await fixture.ScalarAsync<string>("select address from bubblesync.source");
        await using var other = await MoveAsync(fixture);
        other.Records.Put("agent", SyncFixture.Record(1, SyncFixture.Late));

        var report = await fixture.ResyncAsync(new ResyncOptions { Entities = ["agent"], AcceptSource = true, DryRun = true });

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal(address, await fixture.ScalarAsync<string>("select address from bubblesync.source"));
    }

    [Fact]
    public async Task An_app_is_accepted_for_all_entities_of_the_schema_or_not_at_all()
    {
        await using var fixture = await OneAgentAsync();
        await using var other = await MoveAsync(fixture);
        other.Records.Put("user", SyncFixture.Record(9, SyncFixture.Late));

        await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync(new ResyncOptions { Entities = ["user"], AcceptSource = true }));
    }

    [Fact]
    public async Task Two_schemas_of_one_database_mirror_two_apps()
    {
        await using var fixture = await OneAgentAsync();
        await using var other = await MoveAsync(fixture);
        fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { Schema = "second" } };
        await fixture.Engine().ApplySchemaAsync(fixture.Limit);

        Assert.Equal(RunStatus.Succeeded, (await fixture.ResyncAsync("agent")).Status);
        Assert.Equal(2, await fixture.ScalarAsync<long>("select count(*) from bubblesync.source"));
    }

    private async Task<SyncFixture> OneAgentAsync()
    {
        var fixture = await SyncFixture.OpenAsync(postgres);
        fixture.Put("agent", SyncFixture.Record(1, SyncFixture.Early, "\"Name\": \"Ann\""));
        await fixture.ResyncAsync("agent");
        return fixture;
    }

    private static Task<Resync.Outcome> RunAsync(SyncFixture fixture, params string[] words) =>
        Bubblesync.RunAsync(fixture, [("Bubble__BaseUrl", fixture.Settings.Bubble.BaseUrl!.ToString())], words);

    private static async Task<SimulatorServer> MoveAsync(SyncFixture fixture)
    {
        var other = await SimulatorServer.StartAsync(new SimulatorOptions { Invoices = 0 }, fixture.Limit);
        fixture.Settings = fixture.Settings with { Bubble = fixture.Settings.Bubble with { BaseUrl = new Uri(other.BaseUrl + "/") } };
        return other;
    }
}
