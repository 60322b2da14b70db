using BubbleSync.Etl;
using BubbleSync.Etl.Reports;
using BubbleSync.Tests.Resync;
using BubbleSync.Tests.Survival;
using Npgsql;
using Xunit;

namespace BubbleSync.Tests.Preflight;

/// <summary>A hot standby answers queries, but cannot be written: nothing is read from Bubble for it.</summary>
[Trait(CiOnly.Trait, CiOnly.Value)]
public sealed class StandbyTests(OwnServer server) : IClassFixture<OwnServer>
{
    [Fact]
    public async Task A_standby_stops_a_run_whether_it_is_one_host_or_several()
    {
        await using var fixture = await SyncFixture.OpenAsync(await server.CreateDatabaseAsync());
        await server.BecomeStandbyAsync();

        var message = await fixture.AssertStopsAsync("writing", "the server is a standby", "Connect to the primary");
        var connection = new NpgsqlConnectionStringBuilder(fixture.Connection);
        connection.Host = $"{connection.Host}:{connection.Port},{connection.Host}:{connection.Port}";
        fixture.Settings = fixture.Settings with { Postgres = fixture.Settings.Postgres with { ConnectionString = connection.ConnectionString } };
        var several = await Assert.ThrowsAsync<SyncException>(() => fixture.ResyncAsync("agent"));
        var examined = await fixture.Engine().ExamineAsync(fixture.Limit);

        Assert.Contains("several hosts", message, StringComparison.Ordinal);
        Assert.Contains("none of the hosts can be written. Name the primary", several.Message, StringComparison.Ordinal);
        Assert.Contains(examined.Checks, c => c is { Name: "database", Status: CheckStatus.Failed } && c.Message == several.Message);
    }
}
