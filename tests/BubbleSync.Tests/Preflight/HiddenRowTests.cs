using BubbleSync.Etl;
using BubbleSync.Etl.Settings;
using BubbleSync.Tests.Resync;
using Xunit;

namespace BubbleSync.Tests.Preflight;

/// <summary>Row-level security that hides or refuses rows stops a command before anything is read; policies that let all rows pass do not.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class HiddenRowTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData("", "create policy")]
    [InlineData("create policy shared on agent using (bubble_id > '2') with check (true)", "create policy")]
    [InlineData("create policy shared on agent for select using (true)", "create policy")]
    [InlineData("create policy bubblesync on agent to pg_monitor using (true)", "create policy bubblesync_2")]
    [InlineData("create policy bubblesync on agent to pg_monitor using (true); create policy bubblesync_2 on agent to pg_monitor "
        + "using (true)", "create policy bubblesync_3")]
    [InlineData("create policy every on agent using (true); create policy shared on agent as restrictive using (name <> 'new')", "alter role")]
    public async Task Row_level_security_that_hides_or_refuses_rows_stops_a_run(string policies, string advice)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync($"alter table agent enable row level security; {policies}");
        var role = await fixture.AsUserAsync();

        var message = await fixture.AssertStopsAsync("row-level security of agent", "taken for missing", $"alter role \"{role}\" bypassrls;");
        await fixture.FollowAsync(message, advice);

        await fixture.AssertSyncsAsync();
    }

    [Fact]
    public async Task Row_level_security_that_is_forced_on_the_owner_stops_a_run()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var role = await fixture.AsUserAsync();
        await fixture.ExecuteAsync($"alter table agent enable row level security, force row level security, owner to {role}");

        var message = await fixture.AssertStopsAsync("row-level security of agent", "because it is forced");
        await fixture.FollowAsync(message, "alter table");

        await fixture.AssertSyncsAsync();
    }

    [Theory]
    [InlineData("create policy every on agent to $ using (true) with check (true)")]
    [InlineData("create policy s on agent for select using (true); create policy i on agent for insert with check (true); create policy u on agent for update "
        + "using (true)")]
    [InlineData("create policy every on agent using (true); create policy all_pass on agent as restrictive using (true)")]
    public async Task Policies_that_let_every_row_pass_are_no_obstacle(string policies)
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        var role = await fixture.AsUserAsync();
        await fixture.ExecuteAsync($"alter table agent enable row level security; {policies.Replace("$", role, StringComparison.Ordinal)}");

        await fixture.AssertSyncsAsync();

        Assert.StartsWith("on, and its policies let", await fixture.RemarkAsync("row-level security of agent"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_comparison_stops_for_rows_that_it_cannot_see()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table agent enable row level security");
        await fixture.AsUserAsync("grant select on all tables in schema public to $");

        var stopped = await Assert.ThrowsAsync<SyncException>(
            () => fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit));
        await fixture.ExecuteAsync("create policy every on agent for select using (true)");
        var verified = await fixture.Engine().VerifyAsync(new VerifyOptions { Entities = ["agent"] }, null, fixture.Limit);

        Assert.Contains("row-level security of table", stopped.Message, StringComparison.Ordinal);
        Assert.True(verified.Success);
    }

    [Fact]
    public async Task Row_level_security_of_control_tables_stops_a_run()
    {
        await using var fixture = await SyncFixture.OpenAsync(postgres);
        await fixture.ExecuteAsync("alter table bubblesync.run enable row level security; alter table bubblesync.source enable row level security");
        await fixture.AsUserAsync();

        var message = await fixture.AssertStopsAsync("control tables", "row-level security is on for control tables");
        await fixture.FollowAsync(message, "alter table");

        await fixture.AssertSyncsAsync();
    }
}
